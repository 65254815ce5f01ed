// SPDX-FileCopyrightText: citadel.ai_gateway contributors
// SPDX-License-Identifier: GPL-3.0-or-later

// A JSON Web Token as policy expressions read it. The signature is not checked here: validate-jwt does that.

namespace ApimEmulator.Expressions
{
    using System;
    using System.Collections.Generic;
    using System.Linq;
    using System.Text;
    using Newtonsoft.Json;
    using Newtonsoft.Json.Linq;

    public sealed class Jwt
    {
        const string BearerPrefix = "Bearer ";
        static readonly DateTime Epoch = new DateTime(1970, 1, 1, 0, 0, 0, DateTimeKind.Utc);

        readonly JObject header;
        readonly JObject payload;

        Jwt(JObject header, JObject payload)
        {
            this.header = header;
            this.payload = payload;
            Claims = payload.Properties().ToDictionary(claim => claim.Name, claim => Values(claim.Value));
        }

        public string Algorithm => (string)header["alg"];
        public IEnumerable<string> Audiences => Claims.ContainsKey("aud") ? Claims["aud"] : new string[0];
        public IReadOnlyDictionary<string, string[]> Claims { get; }
        public DateTime? ExpirationTime => Moment("exp");
        public string Id => Text("jti");
        public DateTime? IssuedAt => Moment("iat");
        public string Issuer => Text("iss");
        public DateTime? NotBefore => Moment("nbf");
        public string Subject => Text("sub");
        public string Type => (string)header["typ"];

        /// Reads a token, with or without a leading "Bearer "; null when it is none.
        internal static Jwt Parse(string value)
        {
            if (value == null)
                return null;
            if (value.StartsWith(BearerPrefix, StringComparison.OrdinalIgnoreCase))
                value = value.Substring(BearerPrefix.Length);
            var parts = value.Trim().Split('.');
            if (parts.Length != 3)
                return null;
            try
            {
                return new Jwt(Decode(parts[0]), Decode(parts[1]));
            }
            catch (FormatException)
            {
                return null;
            }
            catch (JsonException)
            {
                return null;
            }
        }

        static JObject Decode(string part)
        {
            var base64 = part.Replace('-', '+').Replace('_', '/');
            var padding = new string('=', (4 - base64.Length % 4) % 4);
            return JObject.Parse(Encoding.UTF8.GetString(Convert.FromBase64String(base64 + padding)));
        }

        static string[] Values(JToken token)
        {
            var many = token as JArray;
            return many == null ? new[] { token.ToString() } : many.Select(item => item.ToString()).ToArray();
        }

        string Text(string claim)
        {
            return (string)payload[claim];
        }

        DateTime? Moment(string claim)
        {
            var seconds = (long?)payload[claim];
            return seconds == null ? (DateTime?)null : Epoch.AddSeconds(seconds.Value);
        }
    }
}
