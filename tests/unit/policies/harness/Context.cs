// SPDX-FileCopyrightText: citadel.ai_gateway contributors
// SPDX-License-Identifier: GPL-3.0-or-later

// The part of the policy expressions' context that the shipped fragments read, behaving as Microsoft documents it.
using System;
using System.Collections.Generic;
using System.Linq;
using Newtonsoft.Json.Linq;

namespace Harness
{
    public sealed class Context
    {
        public Request Request = new Request();
        public Dictionary<string, object> Written = new Dictionary<string, object>();
        public Product Product;
        public Api Api = new Api();
        public Subscription Subscription = new Subscription();

        public IReadOnlyDictionary<string, object> Variables { get { return Written; } }
    }

    public sealed class Api
    {
        public KeyNames SubscriptionKeyParameterNames = new KeyNames();
    }

    public sealed class KeyNames
    {
        public string Header = "x-hub-key";
        public string Query = "hub-key";
    }

    public sealed class Subscription
    {
        public string Key = "client";
    }

    public sealed class Product
    {
        public string Name { get; set; }
    }

    public sealed class Request
    {
        public string Method { get; set; }
        public Url Url = new Url();
        public Body Body { get; set; }
        public Dictionary<string, string[]> Headers = new Dictionary<string, string[]>(StringComparer.OrdinalIgnoreCase);
        public IReadOnlyDictionary<string, string> MatchedParameters { get; set; }
    }

    public sealed class Url
    {
        public string Path { get; set; }
        public Dictionary<string, string[]> Query = new Dictionary<string, string[]>(StringComparer.OrdinalIgnoreCase);
    }

    public sealed class Body
    {
        public string Text { get; private set; }

        public Body(string text)
        {
            Text = text;
        }

        // Reading without preserveContent leaves nothing to forward.
        public T As<T>(bool preserveContent = false)
        {
            var text = Text;
            if (!preserveContent)
            {
                Text = "";
            }
            if (typeof(T) == typeof(string))
            {
                return (T)(object)text;
            }
            if (typeof(JToken).IsAssignableFrom(typeof(T)))
            {
                return (T)(object)JToken.Parse(text);
            }
            throw new NotSupportedException("Body.As<" + typeof(T) + ">");
        }
    }

    public static class Extensions
    {
        // A value of another type is an error, not the default.
        public static T GetValueOrDefault<T>(this IReadOnlyDictionary<string, object> variables, string name, T value)
        {
            object stored;
            return variables.TryGetValue(name, out stored) ? (T)stored : value;
        }
    }
}
