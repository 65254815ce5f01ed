// SPDX-FileCopyrightText: citadel.ai_gateway contributors
// SPDX-License-Identifier: GPL-3.0-or-later

// Policies that set variables and change the request or the response.

namespace ApimEmulator.Runtime
{
    using System;
    using System.Collections.Generic;
    using System.Linq;
    using System.Text;
    using System.Text.RegularExpressions;

    sealed class SetVariable : ImmediatePolicy
    {
        readonly string name;
        readonly Value<object> value;

        public SetVariable(Node node) : base(node)
        {
            name = node.Literal("name");
            value = node.Variable("value");
        }

        protected override void Apply(Execution execution)
        {
            execution.Context.Variables[name] = value.Of(execution);
        }
    }

    sealed class SetHeader : MessagePolicy
    {
        // Those of the transport, which nothing can set.
        static readonly HashSet<string> Fixed = new HashSet<string>(StringComparer.OrdinalIgnoreCase)
        {
            "Connection", "Content-Length", "Keep-Alive", "Transfer-Encoding",
        };

        // Their values may contain commas.
        static readonly HashSet<string> NeverJoined = new HashSet<string>(StringComparer.OrdinalIgnoreCase)
        {
            "Cookie", "Date", "Expires", "If-Modified-Since", "If-Unmodified-Since", "Last-Modified", "Proxy-Authenticate",
            "Set-Cookie", "User-Agent", "Warning", "WWW-Authenticate",
        };

        readonly Value<string> name;
        readonly Value<string> action;
        readonly Value<string>[] values;

        public SetHeader(Node node) : base(node)
        {
            name = node.Text("name");
            action = node.Text("exists-action", "override");
            values = node.Named("value").Select(value => value.Content).ToArray();
        }

        public override void Change(Execution execution, Message message)
        {
            var header = name.Of(execution);
            var exists = action.Of(execution);
            if (Fixed.Contains(header) || exists == "skip" && message.Fields.ContainsKey(header))
                return;
            var found = values.Select(value => value.Of(execution)).ToList();
            string[] old;
            if (exists == "append" && message.Fields.TryGetValue(header, out old))
                found.InsertRange(0, old);
            message.Fields.Remove(header);
            if (exists == "delete" || found.Count == 0)
                return;
            foreach (var value in NeverJoined.Contains(header) ? found : new List<string> { string.Join(",", found) })
                message.Fields.Add(header, value);
        }
    }

    sealed class SetQueryParameter : ImmediatePolicy
    {
        readonly Value<string> name;
        readonly Value<string> action;
        readonly Value<string>[] values;

        public SetQueryParameter(Node node) : base(node)
        {
            name = node.Text("name");
            action = node.Text("exists-action", "override");
            values = node.Named("value").Select(value => value.Content).ToArray();
        }

        protected override void Apply(Execution execution)
        {
            var url = execution.Context.Request.Url;
            var parameter = name.Of(execution);
            var exists = action.Of(execution);
            if (exists == "skip" && url.Query.ContainsKey(parameter) || exists == "delete" && !url.Query.ContainsKey(parameter))
                return;
            var found = exists == "delete" ? new List<string>() : values.Select(value => value.Of(execution)).ToList();
            url.SetParameter(parameter, found, exists == "append");
        }
    }

    sealed class SetBody : MessagePolicy
    {
        readonly Value<byte[]> body;

        public SetBody(Node node) : base(node)
        {
            body = node.Bytes;
        }

        public override void Change(Execution execution, Message message)
        {
            message.SetBody(body.Of(execution));
        }
    }

    sealed class SetMethod : ImmediatePolicy
    {
        readonly Value<string> method;

        public SetMethod(Node node) : base(node)
        {
            method = node.Content;
        }

        protected override void Apply(Execution execution)
        {
            execution.Context.Request.Method = Of(execution);
        }

        public string Of(Execution execution)
        {
            return method.Of(execution);
        }
    }

    sealed class SetStatus : MessagePolicy
    {
        readonly Value<int> code;
        readonly Value<string> reason;

        public SetStatus(Node node) : base(node)
        {
            code = node.Number("code", missing: 200);
            reason = node.Text("reason");
        }

        /// There is no status to set while there is only a request.
        public override void Change(Execution execution, Message message)
        {
            var response = message as Response;
            if (response == null)
                return;
            response.StatusCode = code.Of(execution);
            response.StatusReason = reason == null ? Reasons.Phrase(response.StatusCode) : reason.Of(execution);
        }
    }

    sealed class FindAndReplace : MessagePolicy
    {
        readonly Value<string> from;
        readonly Value<string> to;

        public FindAndReplace(Node node) : base(node)
        {
            from = node.Text("from");
            to = node.Text("to");
        }

        public override void Change(Execution execution, Message message)
        {
            var wanted = from.Of(execution);
            if (message.Body != null && wanted != "")
                message.SetBody(Encoding.UTF8.GetBytes(
                    Encoding.UTF8.GetString(message.ReadAll()).Replace(wanted, to.Of(execution))));
        }
    }

    sealed class RewriteUri : ImmediatePolicy
    {
        static readonly Regex Parameter = new Regex(@"\{(?<wildcard>\*?)(?<name>[^{}]*)\}");

        readonly Value<string> template;
        readonly bool copiesUnmatched;

        public RewriteUri(Node node) : base(node)
        {
            template = node.Text("template");
            copiesUnmatched = node.Switch("copy-unmatched-params", missing: true);
        }

        protected override void Apply(Execution execution)
        {
            var request = execution.Context.Request;
            var text = template.Of(execution);
            var url = request.Url.At(template.IsExpression ? text : Fill(text, request));
            if (copiesUnmatched)
                url.AddMissing(request.Url, Matched(execution));
            request.Url = url;
        }

        static string Fill(string template, Request request)
        {
            return Parameter.Replace(template, match =>
            {
                string value;
                if (!request.MatchedParameters.TryGetValue(match.Groups["name"].Value, out value))
                    throw new PolicyError("InvalidTemplate",
                        "Only parameters specified in the original URL template can be used in the rewrite template");
                return match.Groups["wildcard"].Length > 0 ? value : Uri.EscapeDataString(value);
            });
        }

        /// The query parameters that the operation's template names.
        static HashSet<string> Matched(Execution execution)
        {
            var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
            var operation = execution.Context.Operation;
            var mark = operation == null || operation.UrlTemplate == null ? -1 : operation.UrlTemplate.IndexOf('?');
            if (mark >= 0)
                names.UnionWith(operation.UrlTemplate.Substring(mark + 1).Split('&').Select(part => part.Split('=')[0]));
            return names;
        }
    }

    sealed class SetBackendService : ImmediatePolicy
    {
        readonly Value<string> backendId;
        readonly Value<string> baseUrl;

        public SetBackendService(Node node) : base(node)
        {
            backendId = node.Text("backend-id");
            baseUrl = node.Text("base-url");
        }

        protected override void Apply(Execution execution)
        {
            if (backendId != null)
                execution.Target.UseBackend(backendId.Of(execution), Scope);
            else
                execution.Target.UseUrl(baseUrl.Of(execution), Scope);
        }
    }

    sealed class AuthenticationBasic : MessagePolicy
    {
        readonly Value<string> username;
        readonly Value<string> password;

        public AuthenticationBasic(Node node) : base(node)
        {
            username = node.Text("username");
            password = node.Text("password");
        }

        public override void Change(Execution execution, Message message)
        {
            var credentials = username.Of(execution) + ":" + password.Of(execution);
            message.Fields.Set("Authorization", "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(credentials)));
        }
    }
}
