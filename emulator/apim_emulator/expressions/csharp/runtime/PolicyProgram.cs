// SPDX-FileCopyrightText: citadel.ai_gateway contributors
// SPDX-License-Identifier: GPL-3.0-or-later

// Reads the JSON that a policy arrives as: nodes with values, and from these the policies.

namespace ApimEmulator.Runtime
{
    using System;
    using System.Collections.Generic;
    using System.Globalization;
    using System.Linq;
    using System.Text;
    using ApimEmulator.Expressions;
    using ApimEmulator.Expressions.Results;
    using Newtonsoft.Json.Linq;

    delegate Result Expression(IContext context);

    /// The value of an attribute or a text: known, or computed for each request.
    sealed class Value<T>
    {
        readonly T literal;
        readonly Expression expression;
        readonly Func<object, T> convert;

        public Value(T literal)
        {
            this.literal = literal;
        }

        public Value(Expression expression, Func<object, T> convert)
        {
            this.expression = expression;
            this.convert = convert;
        }

        public bool IsExpression => expression != null;

        /// Throws PolicyError when the expression throws, whatever it throws.
        public T Of(Execution execution)
        {
            if (expression == null)
                return literal;
            try
            {
                var result = expression(execution.Context);
                return convert(result == null ? null : result.Value);
            }
            catch (PolicyError)
            {
                throw;
            }
            catch (Exception error)
            {
                throw PolicyError.OfExpression(error);
            }
        }
    }

    /// An element of the policy.
    sealed class Node
    {
        readonly JObject json;
        readonly Expression[] expressions;

        public Node(JObject json, Expression[] expressions)
        {
            this.json = json;
            this.expressions = expressions;
        }

        public string Name => (string)json["name"];
        public string Path => (string)json["path"];
        public string Scope => (string)json["scope"];
        public IEnumerable<Node> Children => (json["children"] ?? new JArray()).Select(child => new Node((JObject)child, expressions));
        public PolicySequence Policies => new PolicySequence(Children.Select(PolicyTypes.Create).ToArray());

        public IEnumerable<Node> Named(string name)
        {
            return Children.Where(child => child.Name == name);
        }

        /// A child of which there is one at most; null when there is none.
        public Node Child(string name)
        {
            return Named(name).FirstOrDefault();
        }

        public bool Has(string attribute)
        {
            return Attribute(attribute) != null;
        }

        public string Literal(string attribute)
        {
            return (string)Attribute(attribute);
        }

        public bool Switch(string attribute, bool missing)
        {
            return Has(attribute) ? bool.Parse(Literal(attribute)) : missing;
        }

        /// Null, or the given text, when the attribute is missing.
        public Value<string> Text(string attribute, string missing = null)
        {
            return Read(Attribute(attribute), text => text, ToText) ?? (missing == null ? null : new Value<string>(missing));
        }

        public Value<bool> Flag(string attribute, bool missing)
        {
            return Read(Attribute(attribute), bool.Parse, value => (bool)value) ?? new Value<bool>(missing);
        }

        public Value<int> Number(string attribute, int missing)
        {
            return Read(Attribute(attribute), ToNumber, value => (int)value) ?? new Value<int>(missing);
        }

        public Value<object> Variable(string attribute)
        {
            return Read<object>(Attribute(attribute), text => text, value => value);
        }

        public Value<string> Content => Read(json["text"], text => text, ToText) ?? new Value<string>("");

        /// The element's text as the bytes of a message.
        public Value<byte[]> Bytes => Read(json["text"], Encoding.UTF8.GetBytes, ToBytes) ?? new Value<byte[]>(new byte[0]);

        public static string ToText(object value)
        {
            var bytes = value as byte[];
            return bytes == null ? Convert.ToString(value, CultureInfo.InvariantCulture) ?? "" : Encoding.UTF8.GetString(bytes);
        }

        static byte[] ToBytes(object value)
        {
            return value as byte[] ?? Encoding.UTF8.GetBytes((string)value ?? "");
        }

        static int ToNumber(string text)
        {
            return int.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        }

        JToken Attribute(string name)
        {
            var attributes = json["attributes"];
            return attributes == null ? null : attributes[name];
        }

        Value<T> Read<T>(JToken value, Func<string, T> parse, Func<object, T> convert)
        {
            if (value == null)
                return null;
            return value.Type == JTokenType.Integer
                ? new Value<T>(expressions[(int)value], convert)
                : new Value<T>(parse(typeof(T) == typeof(int) || typeof(T) == typeof(bool) ? ((string)value).Trim() : (string)value));
        }
    }

    /// A policy that requests run through.
    sealed class PolicyProgram
    {
        readonly Dictionary<string, PolicySequence> sections;

        public PolicyProgram(JObject sections, Expression[] expressions)
        {
            this.sections = sections.Properties().ToDictionary(
                section => section.Name,
                section => new PolicySequence(
                    section.Value.Select(node => PolicyTypes.Create(new Node((JObject)node, expressions))).ToArray()));
        }

        public PolicySequence Section(string name)
        {
            return sections[name];
        }
    }

    static class PolicyTypes
    {
        static readonly Dictionary<string, Func<Node, Policy>> Known = new Dictionary<string, Func<Node, Policy>>
        {
            { "authentication-basic", node => new AuthenticationBasic(node) },
            { "authentication-managed-identity", node => new AuthenticationManagedIdentity(node) },
            { "azure-openai-emit-token-metric", node => new EmitTokenMetric(node) },
            { "azure-openai-token-limit", node => new TokenLimit(node) },
            { "cache-lookup-value", node => new CacheLookupValue(node) },
            { "cache-remove-value", node => new CacheRemoveValue(node) },
            { "cache-store-value", node => new CacheStoreValue(node) },
            { "check-header", node => new CheckHeader(node) },
            { "choose", node => new Choose(node) },
            { "cors", node => new Cors(node) },
            { "emit-metric", node => new EmitMetric(node) },
            { "find-and-replace", node => new FindAndReplace(node) },
            { "forward-request", node => new ForwardRequest(node) },
            { "ip-filter", node => new IpFilter(node) },
            { "limit-concurrency", node => new LimitConcurrency(node) },
            { "llm-emit-token-metric", node => new EmitTokenMetric(node) },
            { "llm-token-limit", node => new TokenLimit(node) },
            { "mock-response", node => new MockResponse(node) },
            { "quota-by-key", node => new QuotaByKey(node) },
            { "rate-limit", node => new RateLimit(node) },
            { "rate-limit-by-key", node => new RateLimit(node) },
            { "retry", node => new Retry(node) },
            { "return-response", node => new ReturnResponse(node) },
            { "rewrite-uri", node => new RewriteUri(node) },
            { "send-one-way-request", node => new SendOneWayRequest(node) },
            { "send-request", node => new SendRequest(node) },
            { "set-backend-service", node => new SetBackendService(node) },
            { "set-body", node => new SetBody(node) },
            { "set-header", node => new SetHeader(node) },
            { "set-method", node => new SetMethod(node) },
            { "set-query-parameter", node => new SetQueryParameter(node) },
            { "set-status", node => new SetStatus(node) },
            { "set-variable", node => new SetVariable(node) },
            { "trace", node => new Trace(node) },
            { "validate-azure-ad-token", node => new ValidateAzureAdToken(node) },
            { "validate-jwt", node => new ValidateJwt(node) },
        };

        /// Throws FormatException for a literal that is no value of its attribute.
        public static Policy Create(Node node)
        {
            Func<Node, Policy> create;
            if (!Known.TryGetValue(node.Name, out create))
                throw new FormatException("The policy '" + node.Name + "' cannot be executed.");
            return create(node);
        }
    }
}
