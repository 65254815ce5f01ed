// SPDX-FileCopyrightText: citadel.ai_gateway contributors
// SPDX-License-Identifier: GPL-3.0-or-later

// Policies that limit calls and tokens.

namespace ApimEmulator.Runtime
{
    using System;
    using System.Globalization;
    using System.Linq;
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

    /// rate-limit counts by subscription, rate-limit-by-key by what it is told.
    sealed class RateLimit : ImmediatePolicy
    {
        const int TooManyRequests = 429;

        readonly Value<int> calls;
        readonly Value<int> period;
        readonly Value<string> key;
        readonly Value<bool> condition;
        readonly Value<int> increment;
        readonly Report retryAfter;
        readonly Report remaining;
        readonly string totalHeader;

        public RateLimit(Node node) : base(node)
        {
            calls = node.Number("calls", missing: 1);
            period = node.Number("renewal-period", missing: 1);
            key = node.Text("counter-key");
            condition = node.Has("increment-condition") ? node.Flag("increment-condition", missing: true) : null;
            increment = node.Number("increment-count", missing: 1);
            retryAfter = new Report(node, "retry-after");
            remaining = new Report(node, "remaining-calls");
            totalHeader = node.Literal("total-calls-header-name");
        }

        protected override void Apply(Execution execution)
        {
            var subscription = execution.Context.Subscription;
            var limit = calls.Of(execution);
            var window = TimeSpan.FromSeconds(period.Of(execution));
            var owner = key != null ? key.Of(execution) : subscription == null ? "" : subscription.Id;
            var counter = Counters.Of(Counters.Key(execution, Name, limit + "/" + window, owner));
            var reading = counter.Take(condition == null ? increment.Of(execution) : 0, condition == null ? limit : limit - 1, window);
            if (!reading.IsWithin)
                throw Exceeded(execution, reading);
            if (condition != null)
                execution.BeforeAnswer(() =>
                {
                    if (condition.Of(execution))
                        counter.Correct(increment.Of(execution), window);
                });
            remaining.Show(execution, limit - reading.Sum);
            if (totalHeader != null)
                execution.BeforeAnswer(() => execution.Context.Response.Fields.Set(totalHeader, limit.ToString(CultureInfo.InvariantCulture)));
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

        readonly Value<int> calls;
        readonly Value<int> period;
        readonly Value<string> key;
        readonly Value<bool> condition;
        readonly Value<int> increment;

        public QuotaByKey(Node node) : base(node)
        {
            calls = node.Number("calls", missing: 1);
            period = node.Number("renewal-period", missing: 0);
            key = node.Text("counter-key");
            condition = node.Has("increment-condition") ? node.Flag("increment-condition", missing: true) : null;
            increment = node.Number("increment-count", missing: 1);
        }

        protected override void Apply(Execution execution)
        {
            var limit = calls.Of(execution);
            var seconds = period.Of(execution);
            var window = seconds == 0 ? TimeSpan.MaxValue : TimeSpan.FromSeconds(seconds);
            var counter = Counters.Of(Counters.Key(execution, Name, limit + "/" + seconds, key.Of(execution)));
            var reading = counter.Take(condition == null ? increment.Of(execution) : 0, condition == null ? limit : limit - 1, window);
            if (!reading.IsWithin)
            {
                var wait = TimeSpan.FromSeconds(Math.Min(reading.WaitSeconds, TimeSpan.MaxValue.TotalSeconds / 2));
                throw new PolicyError(
                    "QuotaExceeded", "Out of call volume quota. Quota will be replenished in " + wait.ToString("c") + ".", Forbidden);
            }
            if (condition != null)
                execution.BeforeAnswer(() =>
                {
                    if (condition.Of(execution))
                        counter.Correct(increment.Of(execution), window);
                });
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
                var body = JToken.Parse(System.Text.Encoding.UTF8.GetString(request.ReadAll())) as JContainer;
                if (body == null)
                    return 0;
                var texts = body.DescendantsAndSelf("content", "prompt", "input").Sum(text => text.Length);
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

    static class PromptTexts
    {
        /// The texts of a request that count as its prompt: strings below members of these names.
        public static System.Collections.Generic.IEnumerable<string> DescendantsAndSelf(this JContainer body, params string[] names)
        {
            return body.Descendants().OfType<JProperty>().Where(property => names.Contains(property.Name))
                .SelectMany(property => property.Value is JContainer
                    ? ((JContainer)property.Value).Descendants().OfType<JValue>() : new[] { (JValue)property.Value })
                .Where(value => value.Type == JTokenType.String && !IsNested(value, names))
                .Select(value => (string)value);
        }

        /// A string counts once, although a member of such a name may hold another.
        static bool IsNested(JValue value, string[] names)
        {
            return value.Ancestors().OfType<JProperty>().Count(property => names.Contains(property.Name)) > 1;
        }
    }
}
