// SPDX-FileCopyrightText: citadel.ai_gateway contributors
// SPDX-License-Identifier: GPL-3.0-or-later

// Runs the elements of a fragment in order. An element that the fragments do not use is an error.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Xml.Linq;
using Newtonsoft.Json.Linq;

namespace Harness
{
    public delegate object Expression(Context context);

    public sealed class Pipeline
    {
        private readonly Context context;
        private readonly Func<string, Expression> expressions;

        public JObject Response { get; private set; }
        public JObject Sent { get; private set; }

        public Pipeline(Context context, Func<string, Expression> expressions)
        {
            this.context = context;
            this.expressions = expressions;
            Sent = new JObject();
        }

        public void Run(XElement parent)
        {
            foreach (var element in parent.Elements())
            {
                Apply(element);
                if (Response != null)
                {
                    return;
                }
            }
        }

        private void Apply(XElement element)
        {
            switch (element.Name.LocalName)
            {
                case "set-variable": context.Written[Literal(element, "name")] = Value(Literal(element, "value")); break;
                case "choose": Choose(element); break;
                case "return-response": Response = Respond(element); break;
                case "set-header": SetMany(context.Request.Headers, element); break;
                case "set-query-parameter": SetMany(context.Request.Url.Query, element); break;
                case "rewrite-uri": context.Request.Url.Path = Text(Literal(element, "template")); break;
                case "set-backend-service": Sent["backend"] = Text(Literal(element, "backend-id")); break;
                case "authentication-managed-identity": Authenticate(element); break;
                case "llm-emit-token-metric": Emit(element); break;
                default: throw new NotSupportedException("policy " + element.Name);
            }
        }

        private void Choose(XElement choose)
        {
            foreach (var branch in choose.Elements())
            {
                if (branch.Name == "otherwise" || (bool)Value(Literal(branch, "condition")))
                {
                    Run(branch);
                    return;
                }
            }
        }

        private JObject Respond(XElement element)
        {
            var status = element.Element("set-status");
            var headers = element.Elements("set-header").Select(header =>
                new JProperty(Literal(header, "name"), Text(header.Element("value").Value)));
            return new JObject(
                new JProperty("status", int.Parse(Literal(status, "code"))),
                new JProperty("reason", Literal(status, "reason")),
                new JProperty("headers", new JObject(headers)),
                new JProperty("body", Text(element.Element("set-body").Value)));
        }

        private void SetMany(Dictionary<string, string[]> values, XElement element)
        {
            var name = Text(Literal(element, "name"));
            var action = Text(Literal(element, "exists-action"));
            if (action == "delete")
            {
                values.Remove(name);
            }
            else if (action == "override" || (action == "skip" && !values.ContainsKey(name)))
            {
                values[name] = element.Elements("value").Select(value => Text(value.Value)).ToArray();
            }
            else if (action != "skip")
            {
                throw new NotSupportedException("exists-action " + action);
            }
        }

        private void Authenticate(XElement element)
        {
            var token = "token of " + Literal(element, "client-id") + " for " + Text(Literal(element, "resource"));
            context.Request.Headers["Authorization"] = new[] { "Bearer " + token };
        }

        private void Emit(XElement element)
        {
            var dimensions = element.Elements("dimension").Select(dimension =>
                new JProperty(Literal(dimension, "name"), dimension.Attribute("value") == null ? null : Text(Literal(dimension, "value"))));
            Sent["metric"] = new JObject(new JProperty("namespace", Literal(element, "namespace")), new JProperty("dimensions", new JObject(dimensions)));
        }

        private static string Literal(XElement element, string name)
        {
            return element.Attribute(name).Value;
        }

        private string Text(string value)
        {
            return Convert.ToString(Value(value));
        }

        // Expressions stand in the XML by the names of their compiled methods.
        private object Value(string value)
        {
            return value.StartsWith("@") ? expressions(value.Substring(1))(context) : value;
        }
    }
}
