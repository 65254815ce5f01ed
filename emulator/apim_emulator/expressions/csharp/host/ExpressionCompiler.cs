// SPDX-FileCopyrightText: citadel.ai_gateway contributors
// SPDX-License-Identifier: GPL-3.0-or-later

// Compiles all expressions of one document in one run of Mono's compiler, inside this process.

namespace ApimEmulator.Host
{
    using System;
    using System.Collections.Generic;
    using System.IO;
    using System.Linq;
    using System.Reflection;
    using System.Text;
    using System.Text.RegularExpressions;
    using Newtonsoft.Json.Linq;

    sealed class ExpressionCompiler
    {
        const string MethodName = "Evaluate";
        const string ResultNamespace = "ApimEmulator.Expressions.Results";
        static readonly Regex Error = new Regex(
            @"^(?:.*/)?(?<expression>\d+)\(\d+,\d+\+?\): error CS\d+: (?<text>.*)$");

        readonly Func<string[], TextWriter, bool> invoke;
        readonly string[] options;
        readonly string usings;
        readonly string directory;
        readonly Inspector inspector;
        int runs;

        /// settings: compiler (path of mcs.exe), references (paths), namespaces (implicit usings), types (allow list).
        public ExpressionCompiler(JObject settings, string directory)
        {
            this.directory = directory;
            invoke = (Func<string[], TextWriter, bool>)Assembly.LoadFrom((string)settings["compiler"])
                .GetType("Mono.CSharp.CompilerCallableEntryPoint", true)
                .GetMethod("InvokeCompiler")
                .CreateDelegate(typeof(Func<string[], TextWriter, bool>));
            options = new[] { "-target:library", "-langversion:7", "-noconfig", "-optimize+", "-debug-", "-warn:0" }
                .Concat(settings["references"].Select(path => "-reference:" + path))
                .ToArray();
            usings = string.Concat(settings["namespaces"].Select(name => "using " + name + "; "));
            inspector = new Inspector((JObject)settings["types"], settings["namespaces"].Select(name => (string)name));
        }

        /// expressions: code, block (statements, else one expression), result (a type of the Results namespace),
        /// names (dotted names that the code mentions). Answers with the method of each expression. problems: gets the
        /// errors of each expression by its index; a text or, for what the allow list refuses, type and member.
        public MethodInfo[] Compile(JArray expressions, JArray problems)
        {
            var name = "Expressions" + ++runs;
            var source = Path.Combine(directory, name + ".cs");
            var target = Path.Combine(directory, name + ".dll");
            try
            {
                File.WriteAllText(source, Source(expressions));
                var output = new StringWriter();
                var arguments = options.Concat(new[] { "-out:" + target, source }).ToArray();
                if (!invoke(arguments, output))
                {
                    Add(problems, Errors(output.ToString()));
                    return new MethodInfo[0];
                }
                var assembly = Assembly.Load(File.ReadAllBytes(target));
                var types = expressions.Select((_, index) => assembly.GetType("Policy." + ClassName(index), true)).ToArray();
                Add(problems, Inspect(types, expressions));
                return types.Select(type => type.GetMethod(MethodName)).ToArray();
            }
            finally
            {
                File.Delete(source);
                File.Delete(target);
            }
        }

        static string ClassName(int index)
        {
            return "Expression" + index;
        }

        string Source(JArray expressions)
        {
            var source = new StringBuilder();
            for (var index = 0; index < expressions.Count; index++)
            {
                // The line directive names the expression. Its text ends with a line of its own: a comment there must
                // not swallow what follows.
                var isBlock = (bool)expressions[index]["block"];
                source.Append("#line 1 \"").Append(index).Append("\"\n")
                    .Append("namespace Policy { ").Append(usings)
                    .Append("public static class ").Append(ClassName(index)).Append(" { public static ")
                    .Append(ResultNamespace).Append('.').Append((string)expressions[index]["result"])
                    .Append(' ').Append(MethodName).Append("(ApimEmulator.Expressions.IContext context) {\n")
                    .Append(isBlock ? "" : "return (").Append((string)expressions[index]["code"]).Append(isBlock ? "\n" : "\n);\n")
                    .Append("}}}\n");
            }
            return source.ToString();
        }

        static IEnumerable<JObject> Errors(string output)
        {
            var found = output.Split('\n')
                .Select(line => Error.Match(line.TrimEnd('\r')))
                .Where(match => match.Success)
                .Select(match => new JObject(
                    new JProperty("expression", int.Parse(match.Groups["expression"].Value)),
                    new JProperty("text", match.Groups["text"].Value)))
                .ToList();
            if (found.Count == 0)
                throw new InvalidOperationException("The compiler failed without naming an expression: " + output);
            return found;
        }

        static void Add(JArray problems, IEnumerable<JObject> found)
        {
            foreach (var problem in found)
                problems.Add(problem);
        }

        IEnumerable<JObject> Inspect(Type[] types, JArray expressions)
        {
            for (var index = 0; index < expressions.Count; index++)
            {
                var names = expressions[index]["names"].Select(name => (string)name);
                foreach (var usage in inspector.Refused(types[index], names).Distinct())
                    yield return new JObject(
                        new JProperty("expression", index),
                        new JProperty("type", usage.Type),
                        new JProperty("member", usage.Member));
            }
        }
    }
}
