// SPDX-FileCopyrightText: citadel.ai_gateway contributors
// SPDX-License-Identifier: GPL-3.0-or-later

// Policies that remember values, and policies that tell an observer something.

namespace ApimEmulator.Runtime
{
    using System;
    using System.Collections.Concurrent;
    using System.Collections.Generic;
    using System.Linq;
    using Newtonsoft.Json.Linq;

    static class ValueCache
    {
        static readonly ConcurrentDictionary<string, Tuple<object, DateTime>> Entries =
            new ConcurrentDictionary<string, Tuple<object, DateTime>>();

        public static void Store(string key, object value, TimeSpan duration)
        {
            Entries[key] = Tuple.Create(value, DateTime.UtcNow + duration);
        }

        public static void Remove(string key)
        {
            Tuple<object, DateTime> removed;
            Entries.TryRemove(key, out removed);
        }

        public static bool TryGet(string key, out object value)
        {
            Tuple<object, DateTime> entry;
            var isFound = Entries.TryGetValue(key, out entry) && entry.Item2 > DateTime.UtcNow;
            value = isFound ? entry.Item1 : null;
            return isFound;
        }
    }

    sealed class CacheLookupValue : ImmediatePolicy
    {
        readonly Value<string> key;
        readonly string variable;
        readonly Value<object> missing;

        public CacheLookupValue(Node node) : base(node)
        {
            key = node.Text("key");
            variable = node.Literal("variable-name");
            missing = node.Variable("default-value");
        }

        protected override void Apply(Execution execution)
        {
            object value;
            if (ValueCache.TryGet(Counters.Key(execution, key.Of(execution)), out value))
                execution.Context.Variables[variable] = value;
            else if (missing != null)
                execution.Context.Variables[variable] = missing.Of(execution);
        }
    }

    sealed class CacheStoreValue : ImmediatePolicy
    {
        readonly Value<string> key;
        readonly Value<object> value;
        readonly Value<int> duration;

        public CacheStoreValue(Node node) : base(node)
        {
            key = node.Text("key");
            value = node.Variable("value");
            duration = node.Number("duration", missing: 1);
        }

        protected override void Apply(Execution execution)
        {
            ValueCache.Store(
                Counters.Key(execution, key.Of(execution)), value.Of(execution), TimeSpan.FromSeconds(duration.Of(execution)));
        }
    }

    sealed class CacheRemoveValue : ImmediatePolicy
    {
        readonly Value<string> key;

        public CacheRemoveValue(Node node) : base(node)
        {
            key = node.Text("key");
        }

        protected override void Apply(Execution execution)
        {
            ValueCache.Remove(Counters.Key(execution, key.Of(execution)));
        }
    }

    /// The dimensions of a metric; the names of the usual ones stand for what the request says.
    sealed class Dimensions
    {
        readonly List<KeyValuePair<string, Value<string>>> dimensions;

        public Dimensions(Node node)
        {
            dimensions = node.Named("dimension")
                .Select(child => new KeyValuePair<string, Value<string>>(child.Literal("name"), child.Text("value")))
                .ToList();
        }

        public JObject Of(Execution execution)
        {
            var values = new JObject();
            foreach (var dimension in dimensions)
                values[dimension.Key] = dimension.Value == null
                    ? Usual(dimension.Key, execution.Context) : dimension.Value.Of(execution);
            return values;
        }

        /// The backend is known to the gateway, and not before it answers.
        static string Usual(string name, RequestContext context)
        {
            switch (name)
            {
                case "API ID":
                    return context.Api?.Id;
                case "Operation ID":
                    return context.Operation?.Id;
                case "Product ID":
                    return context.Product?.Id;
                case "User ID":
                    return context.User?.Id;
                case "Subscription ID":
                    return context.Subscription?.Id;
                case "Location":
                    return context.Deployment.Region;
                case "Gateway ID":
                    return context.Deployment.GatewayId;
                default:
                    return null;
            }
        }
    }

    sealed class EmitMetric : ImmediatePolicy
    {
        readonly string metric;
        readonly string metricNamespace;
        readonly Value<int> value;
        readonly Dimensions dimensions;

        public EmitMetric(Node node) : base(node)
        {
            metric = node.Literal("name");
            metricNamespace = node.Literal("namespace") ?? "API Management";
            value = node.Number("value", missing: 1);
            dimensions = new Dimensions(node);
        }

        protected override void Apply(Execution execution)
        {
            execution.Emit("metric", new JObject(
                new JProperty("namespace", metricNamespace),
                new JProperty("name", metric),
                new JProperty("value", value.Of(execution)),
                new JProperty("dimensions", dimensions.Of(execution))));
        }
    }

    /// The tokens are counted where the response passes.
    sealed class EmitTokenMetric : ImmediatePolicy
    {
        readonly string metricNamespace;
        readonly Dimensions dimensions;

        public EmitTokenMetric(Node node) : base(node)
        {
            metricNamespace = node.Literal("namespace") ?? "API Management";
            dimensions = new Dimensions(node);
        }

        protected override void Apply(Execution execution)
        {
            execution.Meters.Add(new JObject(
                new JProperty("namespace", metricNamespace), new JProperty("dimensions", dimensions.Of(execution))));
        }
    }

    sealed class Trace : ImmediatePolicy
    {
        readonly Value<string> source;
        readonly string severity;
        readonly Value<string> message;
        readonly Tuple<Value<string>, Value<string>>[] metadata;

        public Trace(Node node) : base(node)
        {
            source = node.Text("source");
            severity = node.Literal("severity") ?? "verbose";
            message = node.Child("message") == null ? new Value<string>("") : node.Child("message").Content;
            metadata = node.Named("metadata").Select(item => Tuple.Create(item.Text("name"), item.Text("value"))).ToArray();
        }

        protected override void Apply(Execution execution)
        {
            var details = new JObject();
            foreach (var item in metadata)
                details[item.Item1.Of(execution)] = item.Item2.Of(execution);
            execution.Emit("trace", new JObject(
                new JProperty("source", source.Of(execution)),
                new JProperty("severity", severity),
                new JProperty("message", message.Of(execution)),
                new JProperty("metadata", details)));
        }
    }
}
