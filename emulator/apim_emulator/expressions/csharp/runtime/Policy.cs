// SPDX-FileCopyrightText: citadel.ai_gateway contributors
// SPDX-License-Identifier: GPL-3.0-or-later

// What a policy is, how several run one after the other, and how one fails.

namespace ApimEmulator.Runtime
{
    using System;
    using System.Collections.Generic;
    using System.Net;
    using System.Threading.Tasks;
    using Newtonsoft.Json.Linq;

    abstract class Policy
    {
        protected static readonly Task Done = Task.FromResult(true);

        protected Policy(Node node)
        {
            Name = node.Name;
            Path = node.Path;
            Scope = node.Scope;
            Id = node.Literal("id");
        }

        public string Id { get; }
        public string Name { get; }
        public string Path { get; }
        public string Scope { get; }

        public abstract Task Run(Execution execution);
    }

    /// A policy that needs nothing but time of the processor.
    abstract class ImmediatePolicy : Policy
    {
        protected ImmediatePolicy(Node node) : base(node) { }

        public sealed override Task Run(Execution execution)
        {
            Apply(execution);
            return Done;
        }

        protected abstract void Apply(Execution execution);
    }

    /// A policy that changes a message: the request or the response, by the section, or one that another policy makes.
    abstract class MessagePolicy : ImmediatePolicy
    {
        protected MessagePolicy(Node node) : base(node) { }

        public abstract void Change(Execution execution, Message message);

        protected sealed override void Apply(Execution execution)
        {
            var message = execution.Message;
            if (message != null)
                Change(execution, message);
        }
    }

    sealed class PolicySequence
    {
        readonly Policy[] policies;

        public PolicySequence(Policy[] policies)
        {
            this.policies = policies;
        }

        public IEnumerable<Policy> Policies => policies;

        public async Task Run(Execution execution)
        {
            foreach (var policy in policies)
            {
                try
                {
                    await policy.Run(execution).ConfigureAwait(false);
                }
                catch (PolicyError error) when (error.Policy == null)
                {
                    error.Policy = policy;
                    throw;
                }
                if (execution.IsEnded)
                    return;
            }
        }
    }

    /// An error that ends the section and starts `on-error`. Its status is that of the client's response.
    sealed class PolicyError : Exception
    {
        const int InternalServerError = 500;

        public PolicyError(string reason, string message, int status = InternalServerError) : base(message)
        {
            Reason = reason;
            Status = status;
        }

        public string Reason { get; }
        /// What failed, when it is not the policy itself that says so.
        public string Origin { get; private set; }
        public int Status { get; }

        /// Whether the policy that retries sees a response: not when a connection failed.
        public bool HasResponse { get; private set; }

        /// The innermost policy that failed.
        public Policy Policy { get; set; }

        public Fields Headers { get; private set; } = new Fields();

        /// The backend's response, when it is the error.
        public Response Response { get; set; }

        /// A failure that the gateway reports: source, reason, message, a status or null, and headers.
        public static PolicyError Of(JObject failure)
        {
            var status = (int?)failure["status"];
            return new PolicyError((string)failure["reason"], (string)failure["message"], status ?? InternalServerError)
            {
                Origin = (string)failure["source"],
                HasResponse = status != null,
                Headers = Fields.Read(failure["headers"]),
            };
        }

        public static PolicyError OfExpression(Exception error)
        {
            return new PolicyError("ExpressionValueEvaluationFailure", "Expression evaluation failed. " + error.Message);
        }

        /// What the client is told unless on-error says something else.
        public Response ToResponse(Guid requestId)
        {
            if (Response != null)
                return Response;
            var isInternal = Status == InternalServerError;
            var body = new JObject(
                new JProperty("statusCode", Status),
                new JProperty("message", isInternal ? "Internal server error" : Message));
            if (isInternal)
                body["activityId"] = requestId.ToString();
            var response = new Response(Status, Reasons.Phrase(Status), Headers.Copy());
            response.Fields.Set("Content-Type", "application/json");
            response.SetBody(System.Text.Encoding.UTF8.GetBytes(body.ToString(Newtonsoft.Json.Formatting.None)));
            return response;
        }

        public LastError ToLastError(string section)
        {
            return new LastError
            {
                Message = Message,
                Path = Policy == null ? "" : Policy.Path,
                PolicyId = Policy == null ? null : Policy.Id,
                Reason = Reason,
                Scope = Policy == null ? null : Policy.Scope,
                Section = section,
                Source = Origin ?? (Policy == null ? "configuration" : Policy.Name),
            };
        }
    }

    static class Reasons
    {
        /// The registered phrase, in words: "TooManyRequests" is no phrase.
        public static string Phrase(int status)
        {
            if (status == 429)
                return "Too Many Requests";
            var name = Enum.GetName(typeof(HttpStatusCode), status);
            return name == null ? "" : name == "OK"
                ? name : System.Text.RegularExpressions.Regex.Replace(name, "(?<=[a-z])(?=[A-Z])", " ");
        }
    }
}
