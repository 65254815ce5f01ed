// SPDX-FileCopyrightText: citadel.ai_gateway contributors
// SPDX-License-Identifier: GPL-3.0-or-later

// Policies that decide which others run: choose, retry, limit-concurrency, return-response, mock-response.

namespace ApimEmulator.Runtime
{
    using System;
    using System.Collections.Concurrent;
    using System.Linq;
    using System.Threading;
    using System.Threading.Tasks;

    sealed class Choose : Policy
    {
        readonly Branch[] branches;

        public Choose(Node node) : base(node)
        {
            branches = node.Children.Select(child => new Branch(child)).ToArray();
        }

        public override Task Run(Execution execution)
        {
            var chosen = branches.FirstOrDefault(branch => branch.Condition.Of(execution));
            return chosen == null ? Done : chosen.Policies.Run(execution);
        }

        sealed class Branch
        {
            public Branch(Node node)
            {
                Condition = node.Flag("condition", missing: true);
                Policies = node.Policies;
            }

            public Value<bool> Condition { get; }
            public PolicySequence Policies { get; }
        }
    }

    sealed class Retry : Policy
    {
        const double LeastJitter = 0.8;
        const double MostJitter = 1.2;
        const int MostRetries = 50;

        static readonly ThreadLocal<Random> Jitter = new ThreadLocal<Random>(() => new Random(Guid.NewGuid().GetHashCode()));

        readonly Value<bool> condition;
        readonly Value<bool> firstFastRetry;
        readonly Value<int> count;
        readonly Value<int> delta;
        readonly Value<int> interval;
        readonly Value<int> maxInterval;
        readonly PolicySequence policies;

        public Retry(Node node) : base(node)
        {
            condition = node.Flag("condition", missing: false);
            firstFastRetry = node.Flag("first-fast-retry", missing: false);
            count = node.Number("count", missing: 1);
            delta = node.Number("delta", missing: 0);
            interval = node.Number("interval", missing: 0);
            maxInterval = node.Number("max-interval", missing: int.MaxValue);
            policies = node.Policies;
        }

        public override async Task Run(Execution execution)
        {
            var retries = count.Of(execution);
            if (retries < 1 || retries > MostRetries)
                throw new PolicyError("InvalidRetryCount", "The number of retries must be from 1 to " + MostRetries + ".");
            for (var retry = 1; ; retry++)
            {
                var error = await Attempt(execution).ConfigureAwait(false);
                if (execution.IsEnded)
                    return;
                var again = condition.Of(execution) && retry <= retries;
                if (!again && error != null)
                    throw error;
                if (!again)
                    return;
                await Task.Delay(Wait(execution, retry)).ConfigureAwait(false);
            }
        }

        /// An error of the children is put where the condition can see it.
        async Task<PolicyError> Attempt(Execution execution)
        {
            execution.Context.LastError = null;
            try
            {
                await policies.Run(execution).ConfigureAwait(false);
                return null;
            }
            catch (PolicyError error)
            {
                execution.Note(error, alwaysRespond: false);
                return error;
            }
        }

        /// Fixed with an interval only, linear with a delta, exponential with a maximum too.
        TimeSpan Wait(Execution execution, int retry)
        {
            if (retry == 1 && firstFastRetry.Of(execution))
                return TimeSpan.Zero;
            double first = interval.Of(execution);
            double step = delta.Of(execution);
            double limit = maxInterval.Of(execution);
            if (limit == int.MaxValue || step == 0)
                return TimeSpan.FromSeconds(Math.Min(first + (retry - 1) * step, limit));
            var factor = LeastJitter + Jitter.Value.NextDouble() * (MostJitter - LeastJitter);
            return TimeSpan.FromSeconds(Math.Min(first + (Math.Pow(2, retry) - 1) * step * factor, limit));
        }
    }

    sealed class LimitConcurrency : Policy
    {
        static readonly ConcurrentDictionary<string, int[]> Running = new ConcurrentDictionary<string, int[]>();

        readonly Value<string> key;
        readonly Value<int> maxCount;
        readonly PolicySequence policies;

        public LimitConcurrency(Node node) : base(node)
        {
            key = node.Text("key");
            maxCount = node.Number("max-count", missing: 1);
            policies = node.Policies;
        }

        public override async Task Run(Execution execution)
        {
            var running = Running.GetOrAdd(Counters.Key(execution, key.Of(execution)), _ => new int[1]);
            try
            {
                if (Interlocked.Increment(ref running[0]) > maxCount.Of(execution))
                    throw new PolicyError("ConcurrencyLimitExceeded", "The concurrency limit is exceeded.", 429);
                await policies.Run(execution).ConfigureAwait(false);
            }
            finally
            {
                Interlocked.Decrement(ref running[0]);
            }
        }
    }

    sealed class ReturnResponse : ImmediatePolicy
    {
        readonly string variable;
        readonly MessagePolicy[] changes;

        public ReturnResponse(Node node) : base(node)
        {
            variable = node.Literal("response-variable-name");
            changes = node.Policies.Policies.Cast<MessagePolicy>().ToArray();
        }

        protected override void Apply(Execution execution)
        {
            object stored = null;
            if (variable != null)
                execution.Context.Variables.TryGetValue(variable, out stored);
            var response = stored is Response ? ((Response)stored).Copy() : new Response(200, "OK");
            foreach (var change in changes)
                change.Change(execution, response);
            execution.End(response);
        }
    }

    /// Without examples in the API's definition there is no body to answer.
    sealed class MockResponse : ImmediatePolicy
    {
        readonly Value<int> status;
        readonly string contentType;

        public MockResponse(Node node) : base(node)
        {
            status = node.Number("status-code", missing: 200);
            contentType = node.Literal("content-type");
        }

        protected override void Apply(Execution execution)
        {
            var response = new Response(status.Of(execution), Reasons.Phrase(status.Of(execution)));
            if (contentType != null)
                response.Fields.Set("Content-Type", contentType);
            execution.End(response);
        }
    }
}
