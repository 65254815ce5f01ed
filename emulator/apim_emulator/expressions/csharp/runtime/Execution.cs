// SPDX-FileCopyrightText: citadel.ai_gateway contributors
// SPDX-License-Identifier: GPL-3.0-or-later

// One request on its way through a program.

namespace ApimEmulator.Runtime
{
    using System;
    using System.Collections.Generic;
    using System.Linq;
    using System.Threading.Tasks;
    using Newtonsoft.Json.Linq;

    sealed class Execution
    {
        const string Inbound = "inbound";
        const string Backend = "backend";
        const string Outbound = "outbound";
        const string OnError = "on-error";

        readonly Channel channel;
        readonly JObject refusal;
        readonly List<Action> beforeAnswer = new List<Action>();
        string section = Inbound;

        public Execution(long number, Channel channel, JObject call, byte[] body)
        {
            this.channel = channel;
            Number = number;
            refusal = call["refusal"] as JObject;
            var original = Url.Absolute((string)call["originalUrl"]);
            var request = new Request(
                (string)call["method"], original.At((string)call["url"]), original, Fields.Read(call["headers"]), body);
            Context = new RequestContext((JObject)call["context"], request, message => Emit("trace", new JObject(
                new JProperty("source", "context.Trace"), new JProperty("message", message))));
        }

        public long Number { get; }
        public RequestContext Context { get; }

        /// Set by return-response and its like: nothing runs any more.
        public bool IsEnded { get; private set; }

        /// An error that no policy answered.
        public LastError Unanswered { get; private set; }

        public BackendChoice Target { get; } = new BackendChoice();

        /// Metrics and traces; what is to be counted once the response has passed.
        public JArray Events { get; } = new JArray();
        public JArray Meters { get; } = new JArray();

        /// What message policies of the running section change.
        public Message Message => section == Inbound || section == Backend ? Context.Request : (Message)Context.Response;

        public async Task Run(PolicyProgram program)
        {
            try
            {
                if (refusal != null)
                    throw PolicyError.Of(refusal);
                if (Cors.IsPreflight(Context.Request))
                    Preflight(program);
                await Run(program, Inbound).ConfigureAwait(false);
                await Run(program, Backend).ConfigureAwait(false);
                Context.Response = Context.Response ?? new Response(200, "OK");
                await Run(program, Outbound).ConfigureAwait(false);
            }
            catch (PolicyError error)
            {
                await Fail(program, error).ConfigureAwait(false);
            }
            foreach (var action in beforeAnswer)
                Finish(action);
        }

        public void End(Response response)
        {
            Context.Response = response;
            IsEnded = true;
        }

        /// Something to do with the final response.
        public void BeforeAnswer(Action action)
        {
            beforeAnswer.Add(action);
        }

        public void Emit(string kind, JObject data)
        {
            data["kind"] = kind;
            Events.Add(data);
        }

        public Task<Frame> Ask(string what, JObject header, byte[] body = null)
        {
            return channel.Ask(Number, what, header, body);
        }

        /// Expressions read bodies while they run, so this one waits.
        public byte[] ReadStream(long stream)
        {
            var header = new JObject(new JProperty("stream", stream));
            return channel.AskAndWait(Number, "read", header).Body ?? new byte[0];
        }

        /// The state that an error leaves behind for whoever looks at it: retry, or on-error.
        public void Note(PolicyError error, bool alwaysRespond)
        {
            Context.LastError = error.ToLastError(section);
            Context.Response = alwaysRespond || error.HasResponse || error.Response != null
                ? error.ToResponse(Context.RequestId) : null;
        }

        /// on-error is over by now: an error here can only be answered as it is.
        void Finish(Action action)
        {
            try
            {
                action();
            }
            catch (PolicyError error)
            {
                Note(error, alwaysRespond: true);
                Unanswered = Context.LastError;
            }
        }

        /// Nothing but cors runs on such a request, when there is one.
        void Preflight(PolicyProgram program)
        {
            foreach (var policy in program.Section(Inbound).Policies.OfType<Cors>().TakeWhile(_ => !IsEnded))
                policy.Preflight(this);
            if (!IsEnded && program.Section(Inbound).Policies.OfType<Cors>().Any())
                End(new Response(200, "OK"));
        }

        async Task Run(PolicyProgram program, string name)
        {
            if (IsEnded)
                return;
            section = name;
            await program.Section(name).Run(this).ConfigureAwait(false);
        }

        async Task Fail(PolicyProgram program, PolicyError error)
        {
            Note(error, alwaysRespond: true);
            try
            {
                await Run(program, OnError).ConfigureAwait(false);
            }
            catch (PolicyError second)
            {
                Note(second, alwaysRespond: true);
            }
            Unanswered = IsEnded ? null : Context.LastError;
        }
    }

    /// Where set-backend-service sends the request. A backend id of an outer scope yields to backend ids only.
    sealed class BackendChoice
    {
        string scope;

        public string Id { get; private set; }
        public string BaseUrl { get; private set; }

        public void UseBackend(string id, string scope)
        {
            this.scope = scope;
            Id = id;
            BaseUrl = null;
        }

        public void UseUrl(string url, string scope)
        {
            if (Id != null && this.scope != scope)
                return;
            Id = null;
            BaseUrl = url;
        }
    }
}
