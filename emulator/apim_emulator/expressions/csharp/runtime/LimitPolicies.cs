// SPDX-FileCopyrightText: citadel.ai_gateway contributors
// SPDX-License-Identifier: GPL-3.0-or-later

// Policies that limit calls and tokens.

namespace ApimEmulator.Runtime
{
    using System;
    using System.Collections.Generic;
    using System.Globalization;
    using System.Linq;
    using System.Text;
    using Newtonsoft.Json;
    using Newtonsoft.Json.Linq;

    /// Where a limit tells how much is left: headers of the response, variables.
    sealed class Report
    {
        readonly string header;
        readonly string variable;

        public Report(Node node, string what)
        {
            header = node.Literal(what + "-header-name");
            variable = node.Literal(what + "-variable-name");
        }

        public void Show(Execution execution, long number)
        {
            if (variable != null)
                execution.Context.Variables[variable] = (int)number;
            if (header != null)
                execution.BeforeAnswer(() => execution.Context.Response.Fields.Set(header, Text(number)));
        }

        public void Show(Execution execution, PolicyError error, long number, string usualHeader)
        {
            if (variable != null)
                execution.Context.Variables[variable] = (int)number;
            error.Headers.Set(header ?? usualHeader, Text(number));
        }

        static string Text(long number)
        {
            return number.ToString(CultureInfo.InvariantCulture);
        }
    }

    /// Counts calls: before they are forwarded, or afterwards those that meet a condition.
    sealed class CallCount
    {
        readonly Value<int> calls;
        readonly Value<int> period;
        readonly Value<bool> condition;
        readonly Value<int> increment;

        public CallCount(Node node)
        {
            calls = node.Number("calls", missing: 1);
            period = node.Number("renewal-period", missing: 0);
            condition = node.Has("increment-condition") ? node.Flag("increment-condition", missing: true) : null;
            increment = node.Number("increment-count", missing: 1);
        }

        /// owner: whose calls they are. A period of no seconds never ends.
        public Reading Take(Execution execution, string policy, string owner, out int limit)
        {
            limit = calls.Of(execution);
            var seconds = period.Of(execution);
            var window = seconds == 0 ? TimeSpan.MaxValue : TimeSpan.FromSeconds(seconds);
            var counter = Counters.Of(Counters.Key(execution, policy, limit + "/" + seconds, owner));
            if (condition == null)
                return counter.Take(increment.Of(execution), limit, window);
            var reading = counter.Take(0, limit - 1, window);
            if (reading.IsWithin)
                execution.BeforeAnswer(() =>
                {
                    if (condition.Of(execution))
                        counter.Correct(increment.Of(execution), window);
                });
            return reading;
        }
    }

    /// rate-limit counts by subscription, rate-limit-by-key by what it is told.
    sealed class RateLimit : ImmediatePolicy
    {
        const int TooManyRequests = 429;

        readonly CallCount calls;
        readonly Value<string> key;
        readonly Report retryAfter;
        readonly Report remaining;
        readonly string totalHeader;

        public RateLimit(Node node) : base(node)
        {
            calls = new CallCount(node);
            key = node.Text("counter-key");
            retryAfter = new Report(node, "retry-after");
            remaining = new Report(node, "remaining-calls");
            totalHeader = node.Literal("total-calls-header-name");
        }

        protected override void Apply(Execution execution)
        {
            int limit;
            var subscription = execution.Context.Subscription;
            var owner = key != null ? key.Of(execution) : subscription == null ? "" : subscription.Id;
            var reading = calls.Take(execution, Name, owner, out limit);
            if (!reading.IsWithin)
                throw Exceeded(execution, reading);
            remaining.Show(execution, limit - reading.Sum);
            var total = limit.ToString(CultureInfo.InvariantCulture);
            if (totalHeader != null)
                execution.BeforeAnswer(() => execution.Context.Response.Fields.Set(totalHeader, total));
        }

        PolicyError Exceeded(Execution execution, Reading reading)
        {
            var error = new PolicyError(
                "RateLimitExceeded", "Rate limit is exceeded. Try again in " + reading.WaitSeconds + " seconds.", TooManyRequests);
            retryAfter.Show(execution, error, reading.WaitSeconds, "Retry-After");
            return error;
        }
    }

    sealed class QuotaByKey : ImmediatePolicy
    {
        const int Forbidden = 403;

        readonly CallCount calls;
        readonly Value<string> key;

        public QuotaByKey(Node node) : base(node)
        {
            calls = new CallCount(node);
            key = node.Text("counter-key");
        }

        protected override void Apply(Execution execution)
        {
            int limit;
            var reading = calls.Take(execution, Name, key.Of(execution), out limit);
            if (!reading.IsWithin)
                throw new PolicyError(
                    "QuotaExceeded",
                    "Out of call volume quota. Quota will be replenished in " + TimeSpan.FromSeconds(reading.WaitSeconds) + ".",
                    Forbidden);
        }
    }

    /// Before the call the tokens of the prompt are estimated, if wanted; afterwards the true number takes its place.
    sealed class TokenLimit : ImmediatePolicy
    {
        const int TooManyRequests = 429;
        const int Forbidden = 403;
        const int CharactersPerToken = 4;

        readonly Value<string> key;
        readonly Value<int> perMinute;
        readonly Value<int> quota;
        readonly string quotaPeriod;
        readonly bool estimates;
        readonly Report retryAfter;
        readonly Report remainingTokens;
        readonly Report remainingQuota;

        public TokenLimit(Node node) : base(node)
        {
            key = node.Text("counter-key");
            perMinute = node.Has("tokens-per-minute") ? node.Number("tokens-per-minute", missing: 0) : null;
            quota = node.Has("token-quota") ? node.Number("token-quota", missing: 0) : null;
            quotaPeriod = node.Literal("token-quota-period");
            estimates = node.Switch("estimate-prompt-tokens", missing: false);
            retryAfter = new Report(node, "retry-after");
            remainingTokens = new Report(node, "remaining-tokens");
            remainingQuota = new Report(node, "remaining-quota-tokens");
        }

        protected override void Apply(Execution execution)
        {
            var estimate = estimates ? Estimate(execution.Context.Request) : 0;
            if (quota != null)
                Take(execution, Counters.Key(execution, "tokens", quotaPeriod, Period(), key.Of(execution)), quota.Of(execution),
                    UntilNextPeriod(), estimate, remainingQuota, "Token quota is exceeded.", "TokenQuotaExceeded", Forbidden);
            if (perMinute != null)
                Take(execution, Counters.Key(execution, "tokens", "minute", key.Of(execution)), perMinute.Of(execution),
                    TimeSpan.FromMinutes(1), estimate, remainingTokens, "Token limit is exceeded.", "TokenLimitExceeded", TooManyRequests);
        }

        void Take(Execution execution, string counterKey, int limit, TimeSpan window, int estimate, Report remaining, string text,
            string reason, int status)
        {
            var reading = Counters.Of(counterKey).Take(estimate, estimate == 0 ? limit - 1 : limit, window);
            if (!reading.IsWithin)
            {
                var error = new PolicyError(reason, text + " Try again in " + reading.WaitSeconds + " seconds.", status);
                retryAfter.Show(execution, error, reading.WaitSeconds, "Retry-After");
                throw error;
            }
            remaining.Show(execution, limit - reading.Sum);
            execution.Meters.Add(new JObject(
                new JProperty("counter", counterKey),
                new JProperty("seconds", window.TotalSeconds),
                new JProperty("estimate", estimate)));
        }

        static int Estimate(Request request)
        {
            if (request.Body == null)
                return 0;
            try
            {
                var body = JToken.Parse(Encoding.UTF8.GetString(request.ReadAll())) as JContainer;
                var texts = body == null ? 0 : PromptTexts.In(body).Sum(text => text.Length);
                return (texts + CharactersPerToken - 1) / CharactersPerToken;
            }
            catch (JsonException)
            {
                return 0;
            }
        }

        string Period()
        {
            return Start(DateTime.UtcNow).ToString("s");
        }

        TimeSpan UntilNextPeriod()
        {
            var now = DateTime.UtcNow;
            var start = Start(now);
            switch (quotaPeriod)
            {
                case "Hourly":
                    return start.AddHours(1) - now;
                case "Daily":
                    return start.AddDays(1) - now;
                case "Weekly":
                    return start.AddDays(7) - now;
                case "Monthly":
                    return start.AddMonths(1) - now;
                default:
                    return start.AddYears(1) - now;
            }
        }

        DateTime Start(DateTime now)
        {
            switch (quotaPeriod)
            {
                case "Hourly":
                    return now.Date.AddHours(now.Hour);
                case "Daily":
                    return now.Date;
                case "Weekly":
                    return now.Date.AddDays(-(int)now.DayOfWeek);
                case "Monthly":
                    return new DateTime(now.Year, now.Month, 1, 0, 0, 0, DateTimeKind.Utc);
                default:
                    return new DateTime(now.Year, 1, 1, 0, 0, 0, DateTimeKind.Utc);
            }
        }
    }

    /// The texts of a request that count as its prompt: strings in these members, at any depth.
    static class PromptTexts
    {
        static readonly string[] Members = { "content", "input", "prompt" };

        public static IEnumerable<string> In(JContainer body)
        {
            return body.Descendants().OfType<JValue>()
                .Where(value => value.Type == JTokenType.String)
                .Where(value => value.Ancestors().OfType<JProperty>().Any(member => Members.Contains(member.Name)))
                .Select(value => (string)value);
        }
    }
}
