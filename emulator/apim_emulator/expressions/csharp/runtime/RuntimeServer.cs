// SPDX-FileCopyrightText: citadel.ai_gateway contributors
// SPDX-License-Identifier: GPL-3.0-or-later

// The process's side of the frames: compiles programs, runs requests through them.

namespace ApimEmulator.Runtime
{
    using System;
    using System.Collections.Concurrent;
    using System.Collections.Generic;
    using System.IO;
    using System.Linq;
    using System.Text;
    using System.Threading;
    using System.Threading.Tasks;
    using ApimEmulator.Expressions;
    using ApimEmulator.Expressions.Results;
    using ApimEmulator.Host;
    using Newtonsoft.Json.Linq;

    sealed class RuntimeServer
    {
        const char Prepare = 'P';
        const char Release = 'D';
        const char Execute = 'E';
        const char Reply = 'R';
        const char Tokens = 'T';
        const char Prepared = 'p';
        const char Outcome = 'e';

        // Expressions that read a streamed body wait in their thread, and the pool adds threads slowly.
        const int LeastThreads = 256;
        const int MostThreads = 1024;

        readonly Channel channel;
        readonly ProgramCompiler compiler;
        readonly ConcurrentDictionary<long, PolicyProgram> programs = new ConcurrentDictionary<long, PolicyProgram>();
        readonly BlockingCollection<Frame> compilations = new BlockingCollection<Frame>();

        public RuntimeServer(ExpressionCompiler compiler, Stream output)
        {
            this.compiler = new ProgramCompiler(compiler);
            channel = new Channel(output);
        }

        /// Returns at the end of the input. compilerStackBytes: see the host's program.
        public void Serve(Stream input, int compilerStackBytes)
        {
            // In this order: Mono refuses a minimum above its usual maximum.
            if (!ThreadPool.SetMaxThreads(MostThreads, MostThreads) || !ThreadPool.SetMinThreads(LeastThreads, LeastThreads))
                throw new InvalidOperationException("The thread pool refuses its size.");
            new Thread(Compile, compilerStackBytes) { IsBackground = true }.Start();
            var buffered = new BufferedStream(input, 1 << 16);
            for (var frame = Frame.Read(buffered); frame != null; frame = Frame.Read(buffered))
                Handle(frame);
        }

        void Handle(Frame frame)
        {
            switch (frame.Kind)
            {
                case Prepare:
                    compilations.Add(frame);
                    break;
                case Execute:
                    Task.Run(() => Run(frame));
                    break;
                case Reply:
                    channel.Answer(frame);
                    break;
                case Tokens:
                    Counters.Of((string)frame.Header["counter"]).Correct(
                        (long)frame.Header["amount"], TimeSpan.FromSeconds((double)frame.Header["seconds"]));
                    break;
                case Release:
                    PolicyProgram released;
                    programs.TryRemove((long)frame.Header["program"], out released);
                    break;
                default:
                    throw new InvalidDataException("Frame of unknown kind '" + frame.Kind + "'.");
            }
        }

        void Compile()
        {
            foreach (var frame in compilations.GetConsumingEnumerable())
            {
                var number = (long)frame.Header["id"];
                var answer = new JObject(new JProperty("id", number));
                try
                {
                    var problems = new JArray();
                    var program = compiler.Compile(Json.Read(Encoding.UTF8.GetString(frame.Body)), problems);
                    answer["problems"] = problems;
                    if (program != null)
                        programs[number] = program;
                }
                catch (Exception error)
                {
                    answer["failure"] = error.ToString();
                }
                channel.Send(Prepared, answer, null);
            }
        }

        async Task Run(Frame frame)
        {
            var header = frame.Header;
            var number = (long)header["id"];
            try
            {
                var execution = new Execution(number, channel, header, frame.Body);
                foreach (var variable in ((JObject)header["variables"] ?? new JObject()).Properties())
                    execution.Context.Variables[variable.Name] = Snapshot.Read(variable.Value);
                await execution.Run(programs[(long)header["program"]]).ConfigureAwait(false);
                var answer = Answer(execution);
                if ((bool?)header["inspect"] ?? false)
                    answer["state"] = Snapshot.Of(execution);
                var response = execution.Context.Response;
                channel.Send(Outcome, answer, response.Stream == null ? response.Bytes : null);
            }
            catch (Exception error)
            {
                channel.Send(Outcome, new JObject(new JProperty("id", number), new JProperty("failure", error.ToString())), null);
            }
        }

        static JObject Answer(Execution execution)
        {
            var response = execution.Context.Response;
            return new JObject(
                new JProperty("id", execution.Number),
                new JProperty("status", response.StatusCode),
                new JProperty("reason", response.StatusReason),
                new JProperty("headers", response.Fields.ToJson()),
                new JProperty("stream", response.Stream),
                new JProperty("error", execution.Unanswered == null ? null : JObject.FromObject(execution.Unanswered)),
                new JProperty("events", execution.Events),
                new JProperty("meters", execution.Meters));
        }
    }

    /// Makes programs; an expression that another program has too is compiled once.
    sealed class ProgramCompiler
    {
        readonly ExpressionCompiler compiler;
        readonly Dictionary<string, Expression> known = new Dictionary<string, Expression>();

        public ProgramCompiler(ExpressionCompiler compiler)
        {
            this.compiler = compiler;
        }

        /// Null when there are problems, which are then added.
        public PolicyProgram Compile(JObject program, JArray problems)
        {
            var expressions = (JArray)program["expressions"];
            var unknown = new JArray(expressions.Where(expression => !known.ContainsKey(Key(expression))));
            if (unknown.Count > 0)
            {
                var methods = compiler.Compile(unknown, problems);
                for (var index = 0; index < unknown.Count && problems.Count == 0; index++)
                    known[Key(unknown[index])] = (Expression)Delegate.CreateDelegate(typeof(Expression), methods[index]);
            }
            if (problems.Count > 0)
                return null;
            try
            {
                return new PolicyProgram((JObject)program["sections"], expressions.Select(item => known[Key(item)]).ToArray());
            }
            catch (FormatException error)
            {
                problems.Add(new JObject(new JProperty("text", error.Message)));
                return null;
            }
        }

        static string Key(JToken expression)
        {
            return (string)expression["result"] + (bool)expression["block"] + (string)expression["code"];
        }
    }

    /// What a finished execution leaves, for whoever tests a policy.
    static class Snapshot
    {
        public static JObject Of(Execution execution)
        {
            var request = execution.Context.Request;
            var variables = execution.Context.Variables.Select(
                variable => new JProperty(variable.Key, Write(variable.Value)));
            return new JObject(
                new JProperty("variables", new JObject(variables)),
                new JProperty("method", request.Method),
                new JProperty("pathAndQuery", request.Url.Path + request.Url.QueryString),
                new JProperty("headers", request.Fields.ToJson()),
                new JProperty("body", request.Bytes == null ? null : Convert.ToBase64String(request.Bytes)),
                new JProperty("backendId", execution.Target.Id),
                new JProperty("baseUrl", execution.Target.BaseUrl));
        }

        public static object Read(JToken value)
        {
            switch (value.Type)
            {
                case JTokenType.Integer:
                    return (int)value;
                case JTokenType.Float:
                case JTokenType.Boolean:
                case JTokenType.String:
                case JTokenType.Null:
                    return ((JValue)value).Value;
                default:
                    return value;
            }
        }

        static JToken Write(object value)
        {
            if (value == null)
                return new JValue((object)null);
            var token = value as JToken;
            if (token != null)
                return token.DeepClone();
            return value is string || value is bool || value is int || value is long || value is double
                ? JToken.FromObject(value) : new JValue(Node.ToText(value));
        }
    }
}
