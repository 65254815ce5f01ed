// SPDX-FileCopyrightText: citadel.ai_gateway contributors
// SPDX-License-Identifier: GPL-3.0-or-later

// Policies that check access tokens. The gateway checks the signature: it knows the issuers' keys.

namespace ApimEmulator.Runtime
{
    using System;
    using System.Collections.Generic;
    using System.Linq;
    using System.Threading.Tasks;
    using ApimEmulator.Expressions;
    using Newtonsoft.Json.Linq;

    abstract class TokenPolicy : Policy
    {
        const int Unauthorized = 401;

        readonly Value<string> headerName;
        readonly Value<string> queryParameterName;
        readonly Value<string> tokenValue;
        readonly Value<int> status;
        readonly Value<string> message;
        readonly string variable;
        readonly RequiredClaim[] claims;

        protected TokenPolicy(Node node, string usualHeader) : base(node)
        {
            queryParameterName = node.Text("query-parameter-name");
            tokenValue = node.Text("token-value");
            headerName = node.Text("header-name", usualHeader);
            status = node.Number("failed-validation-httpcode", missing: Unauthorized);
            message = node.Text("failed-validation-error-message");
            variable = node.Literal("output-token-variable-name");
            claims = Items(node, "required-claims").Select(item => new RequiredClaim(item)).ToArray();
        }

        public override async Task Run(Execution execution)
        {
            try
            {
                var token = Token(execution);
                var jwt = token.AsJwt();
                if (jwt == null)
                    throw Refused("TokenInvalid", "Invalid JWT.");
                await execution.Ask("validate", Demands(execution, token, jwt)).ConfigureAwait(false);
                Check(execution, jwt);
                foreach (var claim in claims)
                    claim.Check(execution, jwt);
                if (variable != null)
                    execution.Context.Variables[variable] = jwt;
            }
            catch (PolicyError error) when (error.Status == Unauthorized)
            {
                var text = message == null ? error.Message : message.Of(execution);
                throw new PolicyError(error.Reason, text, status.Of(execution));
            }
        }

        /// What the gateway checks: "configurations" (URLs), "issuers" (empty: those of the configurations), "keys"
        /// (base64), "requireExpiration", "clockSkew" (seconds).
        protected abstract JObject Demands(Execution execution, string token, Jwt jwt);

        protected abstract void Check(Execution execution, Jwt jwt);

        protected static void CheckAny(
            Execution execution, Value<string>[] allowed, IEnumerable<string> found, string reason, string text)
        {
            if (allowed.Length > 0 && !allowed.Select(value => value.Of(execution).Trim()).Intersect(found).Any())
                throw Refused(reason, text);
        }

        protected static Value<string>[] Texts(Node node, string list)
        {
            return Items(node, list).Select(item => item.Content).ToArray();
        }

        protected static IEnumerable<Node> Items(Node node, string list)
        {
            return node.Child(list) == null ? Enumerable.Empty<Node>() : node.Child(list).Children;
        }

        internal static PolicyError Refused(string reason, string text)
        {
            return new PolicyError(reason, text, Unauthorized);
        }

        string Token(Execution execution)
        {
            const string bearer = "Bearer ";
            var request = execution.Context.Request;
            var text = tokenValue != null ? tokenValue.Of(execution)
                : queryParameterName != null ? request.Url.Query.GetValueOrDefault(queryParameterName.Of(execution))
                : request.Headers.GetValueOrDefault(headerName.Of(execution));
            if (string.IsNullOrEmpty(text))
                throw Refused("TokenNotPresent", "JWT not present.");
            return text.StartsWith(bearer, StringComparison.OrdinalIgnoreCase) ? text.Substring(bearer.Length).Trim() : text;
        }
    }

    sealed class RequiredClaim
    {
        readonly Value<string> name;
        readonly Value<string> match;
        readonly Value<string> separator;
        readonly Value<string>[] values;

        public RequiredClaim(Node node)
        {
            name = node.Text("name");
            match = node.Text("match", "all");
            separator = node.Text("separator");
            values = node.Named("value").Select(value => value.Content).ToArray();
        }

        public void Check(Execution execution, Jwt jwt)
        {
            string[] found;
            var claim = name.Of(execution);
            if (!jwt.Claims.TryGetValue(claim, out found))
                throw TokenPolicy.Refused(
                    "TokenClaimNotFound", "JWT token is missing the following claims: " + claim + ". Access denied.");
            if (separator != null)
                found = found.SelectMany(value => value.Split(new[] { separator.Of(execution) }, StringSplitOptions.None)).ToArray();
            var wanted = values.Select(value => value.Of(execution)).ToList();
            var isMet = match.Of(execution) == "any" ? wanted.Intersect(found).Any() : wanted.All(found.Contains);
            if (wanted.Count > 0 && !isMet)
                throw TokenPolicy.Refused("TokenClaimValueNotAllowed",
                    "Claim " + claim + " value of " + string.Join(",", found) + " is not allowed. Access denied.");
        }
    }

    sealed class ValidateJwt : TokenPolicy
    {
        readonly string[] configurations;
        readonly Value<string>[] keys;
        readonly Value<string>[] audiences;
        readonly Value<string>[] issuers;
        readonly Value<bool> requiresExpiration;
        readonly Value<string> requiredScheme;
        readonly Value<int> clockSkew;

        public ValidateJwt(Node node) : base(node, usualHeader: null)
        {
            configurations = node.Named("openid-config").Select(item => item.Literal("url")).ToArray();
            keys = Texts(node, "issuer-signing-keys");
            audiences = Texts(node, "audiences");
            issuers = Texts(node, "issuers");
            requiresExpiration = node.Flag("require-expiration-time", missing: true);
            requiredScheme = node.Text("require-scheme");
            clockSkew = node.Number("clock-skew", missing: 0);
        }

        protected override JObject Demands(Execution execution, string token, Jwt jwt)
        {
            var authorization = execution.Context.Request.Headers.GetValueOrDefault("Authorization", "");
            if (requiredScheme != null && !authorization.StartsWith(requiredScheme.Of(execution) + " ", StringComparison.OrdinalIgnoreCase))
                throw Refused("TokenNotPresent", "JWT not present.");
            return new JObject(
                new JProperty("token", token),
                new JProperty("configurations", new JArray(configurations)),
                new JProperty("issuers", new JArray(issuers.Select(issuer => issuer.Of(execution).Trim()))),
                new JProperty("keys", new JArray(keys.Select(key => key.Of(execution)))),
                new JProperty("requireExpiration", requiresExpiration.Of(execution)),
                new JProperty("clockSkew", clockSkew.Of(execution)));
        }

        protected override void Check(Execution execution, Jwt jwt)
        {
            CheckAny(execution, audiences, jwt.Audiences, "TokenAudienceNotAllowed", "Invalid audience. Access denied.");
        }
    }

    sealed class ValidateAzureAdToken : TokenPolicy
    {
        const string ClientIdClaim = "appid";
        const string ClientIdClaimOfVersion2 = "azp";

        readonly Value<string> tenant;
        readonly Value<string> endpoint;
        readonly Value<string>[] audiences;
        readonly Value<string>[] backends;
        readonly Value<string>[] clients;

        public ValidateAzureAdToken(Node node) : base(node, "Authorization")
        {
            tenant = node.Text("tenant-id");
            endpoint = node.Text("authentication-endpoint", "https://login.microsoftonline.com/");
            audiences = Texts(node, "audiences");
            backends = Texts(node, "backend-application-ids");
            clients = Texts(node, "client-application-ids");
        }

        protected override JObject Demands(Execution execution, string token, Jwt jwt)
        {
            // A tenant publishes a configuration for each version of its tokens: they have different issuers.
            var version = jwt.Claims.GetValueOrDefault("ver") == "1.0" ? "" : "/v2.0";
            return new JObject(
                new JProperty("token", token),
                new JProperty("configurations", new JArray(Authority(execution) + version + "/.well-known/openid-configuration")),
                new JProperty("issuers", new JArray()),
                new JProperty("keys", new JArray()),
                new JProperty("requireExpiration", true),
                new JProperty("clockSkew", 0));
        }

        /// The tenant may be a URL; the endpoint may lack its https://.
        string Authority(Execution execution)
        {
            const string https = "https://";
            var id = tenant.Of(execution).Trim().TrimEnd('/');
            if (id.StartsWith(https, StringComparison.OrdinalIgnoreCase))
                return id;
            var host = endpoint.Of(execution).Trim().TrimEnd('/');
            return (host.StartsWith(https, StringComparison.OrdinalIgnoreCase) ? "" : https) + host + "/" + id;
        }

        protected override void Check(Execution execution, Jwt jwt)
        {
            CheckAny(execution, audiences.Concat(backends).ToArray(), jwt.Audiences, "TokenAudienceNotAllowed",
                "Invalid audience. Access denied.");
            var client = jwt.Claims.GetValueOrDefault(ClientIdClaimOfVersion2) ?? jwt.Claims.GetValueOrDefault(ClientIdClaim);
            CheckAny(execution, clients, new[] { client }, "TokenClaimValueNotAllowed",
                "Claim " + ClientIdClaim + " value of " + client + " is not allowed. Access denied.");
        }
    }
}
