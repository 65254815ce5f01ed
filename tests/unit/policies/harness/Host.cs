// SPDX-FileCopyrightText: citadel.ai_gateway contributors
// SPDX-License-Identifier: GPL-3.0-or-later

// Host.exe FRAGMENTS.dll FOLDER: answers requests, one JSON object a line, with what the fragments made of them.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Xml.Linq;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace Harness
{
    public static class Host
    {
        private static readonly Dictionary<string, Expression> Compiled = new Dictionary<string, Expression>();
        private static readonly Dictionary<string, XElement> Fragments = new Dictionary<string, XElement>();

        // Half of a surrogate pair does not survive an encoding, only an escape.
        private static readonly JsonSerializerSettings Ascii = new JsonSerializerSettings { StringEscapeHandling = StringEscapeHandling.EscapeNonAscii };

        public static void Main(string[] arguments)
        {
            foreach (var method in Assembly.LoadFrom(arguments[0]).GetType("Expressions").GetMethods(BindingFlags.Public | BindingFlags.Static))
            {
                Compiled[method.Name] = (Expression)Delegate.CreateDelegate(typeof(Expression), method);
            }
            foreach (var file in Directory.GetFiles(arguments[1], "*.xml"))
            {
                Fragments[Path.GetFileNameWithoutExtension(file)] = XElement.Load(file);
            }
            string line;
            while ((line = Console.In.ReadLine()) != null)
            {
                Console.Out.WriteLine(JsonConvert.SerializeObject(Answer(Read(line)), Ascii));
                Console.Out.Flush();
            }
        }

        private static JObject Read(string line)
        {
            return (JObject)JToken.ReadFrom(new JsonTextReader(new StringReader(line)) { DateParseHandling = DateParseHandling.None });
        }

        private static JObject Answer(JObject call)
        {
            try
            {
                return call["repeat"] == null ? Run(call) : Measure(call, (int)call["repeat"]);
            }
            catch (Exception error)
            {
                return new JObject(new JProperty("error", error.ToString()));
            }
        }

        private static JObject Run(JObject call)
        {
            var context = MakeContext(call);
            var pipeline = new Pipeline(context, name => Compiled[name]);
            foreach (var name in call["fragments"])
            {
                if (pipeline.Response == null)
                {
                    pipeline.Run(Fragments[(string)name]);
                }
            }
            pipeline.Sent["path"] = context.Request.Url.Path;
            pipeline.Sent["query"] = JObject.FromObject(context.Request.Url.Query);
            pipeline.Sent["headers"] = JObject.FromObject(context.Request.Headers);
            pipeline.Sent["body"] = context.Request.Body == null ? null : context.Request.Body.Text;
            return new JObject(
                new JProperty("response", pipeline.Response),
                new JProperty("sent", pipeline.Sent),
                new JProperty("variables", JObject.FromObject(context.Written)));
        }

        // Microseconds for one run of the fragments, the best of five rounds.
        private static JObject Measure(JObject call, int repeat)
        {
            var fragments = call["fragments"].Select(name => Fragments[(string)name]).ToList();
            var best = double.MaxValue;
            for (var round = 0; round < 5; round++)
            {
                var context = MakeContext(call);
                var watch = Stopwatch.StartNew();
                for (var time = 0; time < repeat; time++)
                {
                    fragments.ForEach(new Pipeline(context, name => Compiled[name]).Run);
                }
                best = Math.Min(best, watch.Elapsed.TotalMilliseconds * 1000 / repeat);
            }
            return new JObject(new JProperty("microseconds", best));
        }

        private static Context MakeContext(JObject call)
        {
            var request = new Request
            {
                Method = (string)call["method"],
                Body = call["body"].Type == JTokenType.Null ? null : new Body((string)call["body"]),
                MatchedParameters = call["parameters"].ToObject<Dictionary<string, string>>(),
            };
            request.Url.Path = (string)call["path"];
            Fill(request.Url.Query, call["query"]);
            Fill(request.Headers, call["headers"]);
            var context = new Context { Request = request };
            foreach (var variable in ((JObject)call["variables"]).Properties())
            {
                context.Written[variable.Name] = variable.Value is JValue ? ((JValue)variable.Value).Value : variable.Value;
            }
            if (call["product"].Type != JTokenType.Null)
            {
                context.Product = new Product { Name = (string)call["product"] };
            }
            return context;
        }

        private static void Fill(Dictionary<string, string[]> values, JToken given)
        {
            foreach (var item in ((JObject)given).Properties())
            {
                values[item.Name] = new[] { (string)item.Value };
            }
        }
    }
}
