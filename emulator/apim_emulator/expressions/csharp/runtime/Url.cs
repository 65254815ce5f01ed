// SPDX-FileCopyrightText: citadel.ai_gateway contributors
// SPDX-License-Identifier: GPL-3.0-or-later

// A URL in its parts. The path stays as the client encoded it; query parameters are decoded.

namespace ApimEmulator.Runtime
{
    using System;
    using System.Collections.Generic;
    using System.Linq;
    using System.Net;
    using ApimEmulator.Expressions;

    sealed class Url : IUrl
    {
        const int HttpPort = 80;
        const int HttpsPort = 443;

        string queryString;
        Fields query;

        public string Host { get; private set; }
        public string Path { get; private set; }
        public int Port { get; private set; }
        public string Scheme { get; private set; }

        /// As it came, with its question mark, until it is changed; empty without a query.
        public string QueryString => queryString;

        public IReadOnlyDictionary<string, string[]> Query => Parameters;

        Fields Parameters => query ?? (query = Parse(queryString));

        public static Url Absolute(string text)
        {
            var url = new Url();
            var authority = text.IndexOf("://", StringComparison.Ordinal) + 3;
            var path = text.IndexOfAny(new[] { '/', '?' }, authority);
            var server = path < 0 ? text.Substring(authority) : text.Substring(authority, path - authority);
            url.Scheme = text.Substring(0, authority - 3);
            var colon = server.LastIndexOf(':');
            var hasPort = colon > server.LastIndexOf(']');
            url.Host = hasPort ? server.Substring(0, colon) : server;
            url.Port = hasPort ? int.Parse(server.Substring(colon + 1)) : url.Scheme == "https" ? HttpsPort : HttpPort;
            url.Go(path < 0 ? "/" : text.Substring(path));
            return url;
        }

        /// The same server, another path and query.
        public Url At(string pathAndQuery)
        {
            var url = new Url { Scheme = Scheme, Host = Host, Port = Port };
            url.Go(pathAndQuery);
            return url;
        }

        public void Go(string pathAndQuery)
        {
            var mark = pathAndQuery.IndexOf('?');
            var path = mark < 0 ? pathAndQuery : pathAndQuery.Substring(0, mark);
            Path = path.StartsWith("/") ? path : "/" + path;
            queryString = mark < 0 || mark == pathAndQuery.Length - 1 ? "" : pathAndQuery.Substring(mark);
            query = null;
        }

        public void SetParameter(string name, IEnumerable<string> values, bool keep)
        {
            if (!keep)
                Parameters.Remove(name);
            foreach (var value in values)
                Parameters.Add(name, value);
            queryString = Write(Parameters);
        }

        /// Adds the other's parameters, in its spelling, but for those that this URL has or that are excluded.
        public void AddMissing(Url other, ICollection<string> excluded)
        {
            foreach (var pair in other.Parameters.Entries.ToList())
                if (!excluded.Contains(pair.Key) && !Parse(queryString).ContainsKey(pair.Key))
                    Parameters.Add(pair.Key, pair.Value);
            if (Parameters.Entries.Any())
                queryString = Write(Parameters);
        }

        static Fields Parse(string queryString)
        {
            var fields = new Fields();
            foreach (var part in queryString.TrimStart('?').Split(new[] { '&' }, StringSplitOptions.RemoveEmptyEntries))
            {
                var equals = part.IndexOf('=');
                fields.Add(
                    WebUtility.UrlDecode(equals < 0 ? part : part.Substring(0, equals)),
                    equals < 0 ? "" : WebUtility.UrlDecode(part.Substring(equals + 1)));
            }
            return fields;
        }

        static string Write(Fields fields)
        {
            var parts = fields.Entries.Select(
                entry => Uri.EscapeDataString(entry.Key) + "=" + Uri.EscapeDataString(entry.Value)).ToList();
            return parts.Count == 0 ? "" : "?" + string.Join("&", parts);
        }
    }
}
