// SPDX-FileCopyrightText: citadel.ai_gateway contributors
// SPDX-License-Identifier: GPL-3.0-or-later

// Policies that let a caller in or not: cors, check-header, ip-filter.

namespace ApimEmulator.Runtime
{
    using System;
    using System.Collections.Generic;
    using System.Linq;
    using System.Net;
    using ApimEmulator.Expressions;

    sealed class Cors : ImmediatePolicy
    {
        const string Any = "*";
        const string AllowMethods = "Access-Control-Allow-Methods";

        readonly HashSet<string> origins;
        readonly List<string> methods;
        readonly List<string> headers;
        readonly List<string> exposed;
        readonly string maxAge;
        readonly bool allowsCredentials;
        readonly bool endsUnmatched;

        public Cors(Node node) : base(node)
        {
            origins = new HashSet<string>(Texts(node, "allowed-origins"), StringComparer.OrdinalIgnoreCase);
            methods = Texts(node, "allowed-methods");
            if (methods.Count == 0)
                methods.AddRange(new[] { "GET", "POST" });
            headers = Texts(node, "allowed-headers");
            exposed = Texts(node, "expose-headers");
            maxAge = node.Child("allowed-methods") == null
                ? null : node.Child("allowed-methods").Literal("preflight-result-max-age");
            allowsCredentials = node.Switch("allow-credentials", missing: false);
            endsUnmatched = node.Switch("terminate-unmatched-request", missing: true);
        }

        public static bool IsPreflight(Request request)
        {
            return request.Method == "OPTIONS" && request.Headers.ContainsKey("Origin")
                && request.Headers.ContainsKey("Access-Control-Request-Method");
        }

        /// Answers a preflight request that it allows, or that no other cors policy is to see.
        public void Preflight(Execution execution)
        {
            var request = execution.Context.Request;
            var isAllowed = AllowsOrigin(request) && Allows(methods, request.Headers["Access-Control-Request-Method"])
                && Allows(headers, request.Headers.GetValueOrDefault("Access-Control-Request-Headers", "").Split(','));
            var response = new Response(200, "OK");
            if (isAllowed)
            {
                AllowOrigin(request, response);
                response.Fields.Set(AllowMethods, Allowed(methods, "Access-Control-Request-Method", request));
                if (request.Headers.ContainsKey("Access-Control-Request-Headers"))
                    response.Fields.Set("Access-Control-Allow-Headers", Allowed(headers, "Access-Control-Request-Headers", request));
                if (maxAge != null)
                    response.Fields.Set("Access-Control-Max-Age", maxAge);
            }
            if (isAllowed || endsUnmatched)
                execution.End(response);
        }

        protected override void Apply(Execution execution)
        {
            var request = execution.Context.Request;
            if (!request.Headers.ContainsKey("Origin"))
                return;
            if (AllowsOrigin(request))
                execution.BeforeAnswer(() => AllowOrigin(request, execution.Context.Response));
            else if (endsUnmatched && (request.Method == "GET" || request.Method == "HEAD"))
                execution.End(new Response(200, "OK"));
        }

        bool AllowsOrigin(Request request)
        {
            return origins.Contains(Any) || origins.Contains(request.Headers["Origin"][0]);
        }

        void AllowOrigin(Request request, Response response)
        {
            var isAny = origins.Contains(Any) && !allowsCredentials;
            response.Fields.Set("Access-Control-Allow-Origin", isAny ? Any : request.Headers["Origin"][0]);
            if (allowsCredentials)
                response.Fields.Set("Access-Control-Allow-Credentials", "true");
            if (exposed.Count > 0)
                response.Fields.Set("Access-Control-Expose-Headers", string.Join(",", exposed));
        }

        static bool Allows(List<string> allowed, IEnumerable<string> asked)
        {
            return allowed.Contains(Any) || asked.Select(name => name.Trim()).Where(name => name != "")
                .All(name => allowed.Contains(name, StringComparer.OrdinalIgnoreCase));
        }

        static string Allowed(List<string> allowed, string askedIn, Request request)
        {
            return allowed.Contains(Any) ? request.Headers.GetValueOrDefault(askedIn) : string.Join(",", allowed);
        }

        static List<string> Texts(Node node, string name)
        {
            var list = node.Child(name);
            return list == null ? new List<string>() : list.Children.Select(item => item.Content.Of(null).Trim()).ToList();
        }
    }

    sealed class CheckHeader : ImmediatePolicy
    {
        readonly Value<string> name;
        readonly Value<int> status;
        readonly Value<string> message;
        readonly Value<bool> ignoresCase;
        readonly Value<string>[] values;

        public CheckHeader(Node node) : base(node)
        {
            name = node.Text("name");
            status = node.Number("failed-check-httpcode", missing: 0);
            message = node.Text("failed-check-error-message");
            ignoresCase = node.Flag("ignore-case", missing: false);
            values = node.Named("value").Select(value => value.Content).ToArray();
        }

        protected override void Apply(Execution execution)
        {
            var found = execution.Context.Request.Headers.GetValueOrDefault(name.Of(execution));
            if (found == null)
                throw new PolicyError("HeaderNotFound", message.Of(execution), status.Of(execution));
            var comparison = ignoresCase.Of(execution) ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
            if (values.Length > 0 && !values.Any(value => string.Equals(value.Of(execution), found, comparison)))
                throw new PolicyError("HeaderValueNotAllowed", message.Of(execution), status.Of(execution));
        }
    }

    sealed class IpFilter : ImmediatePolicy
    {
        const int Forbidden = 403;

        readonly Value<string> action;
        readonly Tuple<Value<string>, Value<string>>[] ranges;

        public IpFilter(Node node) : base(node)
        {
            action = node.Text("action");
            ranges = node.Children
                .Select(child => child.Name == "address"
                    ? Tuple.Create(child.Content, child.Content) : Tuple.Create(child.Text("from"), child.Text("to")))
                .ToArray();
        }

        protected override void Apply(Execution execution)
        {
            IPAddress caller;
            if (!IPAddress.TryParse(execution.Context.Request.IpAddress ?? "", out caller))
                throw new PolicyError(
                    "FailedToParseCallerIP", "Failed to establish IP address for the caller. Access denied.", Forbidden);
            var isListed = ranges.Any(range => Contains(range.Item1.Of(execution), range.Item2.Of(execution), caller));
            var isAllowList = action.Of(execution) == "allow";
            if (isAllowList && !isListed)
                throw new PolicyError(
                    "CallerIpNotAllowed", "Caller IP address " + caller + " is not allowed. Access denied.", Forbidden);
            if (!isAllowList && isListed)
                throw new PolicyError("CallerIpBlocked", "Caller IP address is blocked. Access denied.", Forbidden);
        }

        static bool Contains(string from, string to, IPAddress address)
        {
            var bytes = address.GetAddressBytes();
            var first = Parse(from).GetAddressBytes();
            var last = Parse(to).GetAddressBytes();
            return first.Length == bytes.Length && Compare(first, bytes) <= 0 && Compare(bytes, last) <= 0;
        }

        static IPAddress Parse(string text)
        {
            IPAddress address;
            if (!IPAddress.TryParse(text.Trim(), out address))
                throw PolicyError.OfExpression(new FormatException("'" + text + "' is no IP address."));
            return address;
        }

        static int Compare(byte[] one, byte[] other)
        {
            return one.Zip(other, (left, right) => left.CompareTo(right)).FirstOrDefault(order => order != 0);
        }
    }
}
