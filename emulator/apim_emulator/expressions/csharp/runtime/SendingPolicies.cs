// SPDX-FileCopyrightText: citadel.ai_gateway contributors
// SPDX-License-Identifier: GPL-3.0-or-later

// Policies that send something: to the backend, elsewhere, or to the identity provider.

namespace ApimEmulator.Runtime
{
    using System.Linq;
    using System.Threading.Tasks;
    using Newtonsoft.Json.Linq;

    sealed class ForwardRequest : Policy
    {
        const int DefaultSeconds = 300;
        const int MillisecondsPerSecond = 1000;
        const int LeastErrorStatus = 400;

        readonly Value<int> seconds;
        readonly Value<int> milliseconds;
        readonly Value<bool> followsRedirects;
        readonly bool buffersRequest;
        readonly bool buffersResponse;
        readonly bool failsOnErrorStatus;

        public ForwardRequest(Node node) : base(node)
        {
            seconds = node.Number("timeout", missing: DefaultSeconds);
            milliseconds = node.Has("timeout-ms") ? node.Number("timeout-ms", missing: 0) : null;
            followsRedirects = node.Flag("follow-redirects", missing: false);
            buffersRequest = node.Switch("buffer-request-body", missing: false);
            buffersResponse = node.Switch("buffer-response", missing: true);
            failsOnErrorStatus = node.Switch("fail-on-error-status-code", missing: false);
        }

        public override async Task Run(Execution execution)
        {
            var request = execution.Context.Request;
            var target = execution.Target;
            var timeout = milliseconds == null
                ? seconds.Of(execution) : (double)milliseconds.Of(execution) / MillisecondsPerSecond;
            var header = new JObject(
                new JProperty("method", request.Method),
                new JProperty("pathAndQuery", request.Url.Path + request.Url.QueryString),
                new JProperty("headers", request.Fields.ToJson()),
                new JProperty("backendId", target.Id),
                new JProperty("baseUrl", target.BaseUrl),
                new JProperty("timeout", timeout),
                new JProperty("followRedirects", followsRedirects.Of(execution)),
                new JProperty("bufferResponse", buffersResponse));
            var body = request.Bytes;
            if (!buffersRequest)
                request.SendUnbuffered();
            execution.Context.Response = null;
            var frame = await execution.Ask("forward", header, body).ConfigureAwait(false);
            var response = Response.Of(frame, execution.ReadStream);
            execution.Context.Response = response;
            if (failsOnErrorStatus && response.StatusCode >= LeastErrorStatus)
                throw new PolicyError("BackendErrorStatusCode", "The backend answered with status " + response.StatusCode + ".")
                {
                    Response = response,
                };
        }
    }

    sealed class AuthenticationManagedIdentity : Policy
    {
        readonly Value<string> resource;
        readonly string clientId;
        readonly string variable;
        readonly bool ignoresError;

        public AuthenticationManagedIdentity(Node node) : base(node)
        {
            resource = node.Text("resource");
            clientId = node.Literal("client-id");
            variable = node.Literal("output-token-variable-name");
            ignoresError = node.Switch("ignore-error", missing: false);
        }

        public override Task Run(Execution execution)
        {
            return Authenticate(execution, execution.Context.Request);
        }

        public async Task Authenticate(Execution execution, Request request)
        {
            var header = new JObject(
                new JProperty("resource", resource.Of(execution)), new JProperty("clientId", clientId));
            string token;
            try
            {
                token = (string)(await execution.Ask("token", header).ConfigureAwait(false)).Header["token"];
            }
            catch (PolicyError) when (ignoresError)
            {
                return;
            }
            if (variable != null)
                execution.Context.Variables[variable] = token;
            else
                request.Fields.Set("Authorization", "Bearer " + token);
        }
    }

    /// The request that send-request and send-one-way-request make.
    sealed class OwnRequest
    {
        const int DefaultSeconds = 60;

        readonly Value<string> mode;
        readonly Value<string> url;
        readonly Value<int> timeout;
        readonly SetMethod method;
        readonly AuthenticationManagedIdentity identity;
        readonly MessagePolicy[] changes;

        public OwnRequest(Node node)
        {
            mode = node.Text("mode", "new");
            url = node.Child("set-url") == null ? null : node.Child("set-url").Content;
            timeout = node.Number("timeout", missing: DefaultSeconds);
            var policies = node.Children.Where(child => child.Name != "set-url").Select(PolicyTypes.Create).ToList();
            method = policies.OfType<SetMethod>().FirstOrDefault();
            identity = policies.OfType<AuthenticationManagedIdentity>().FirstOrDefault();
            changes = policies.OfType<MessagePolicy>().ToArray();
        }

        public async Task<Response> Send(Execution execution)
        {
            var original = execution.Context.Request;
            var isCopy = mode.Of(execution) == "copy";
            var address = url == null ? original.OriginalUrl.Scheme + "://" + original.Url.Host + original.Url.Path
                + original.Url.QueryString : url.Of(execution);
            var request = isCopy
                ? new Request(original.Method, original.Url, original.Url, original.Fields.Copy(), original.Body == null ? null : original.ReadAll())
                : new Request("GET", original.Url, original.Url, new Fields(), null);
            if (method != null)
                request.Method = method.Of(execution);
            foreach (var change in changes)
                change.Change(execution, request);
            if (identity != null)
                await identity.Authenticate(execution, request).ConfigureAwait(false);
            var header = new JObject(
                new JProperty("method", request.Method),
                new JProperty("url", address),
                new JProperty("headers", request.Fields.ToJson()),
                new JProperty("timeout", timeout.Of(execution)));
            var frame = await execution.Ask("send", header, request.Bytes).ConfigureAwait(false);
            return Response.Of(frame, execution.ReadStream);
        }
    }

    sealed class SendRequest : Policy
    {
        readonly OwnRequest request;
        readonly string variable;
        readonly Value<bool> ignoresError;

        public SendRequest(Node node) : base(node)
        {
            request = new OwnRequest(node);
            variable = node.Literal("response-variable-name");
            ignoresError = node.Flag("ignore-error", missing: false);
        }

        public override async Task Run(Execution execution)
        {
            var ignored = ignoresError.Of(execution);
            execution.Context.Variables[variable] = null;
            try
            {
                execution.Context.Variables[variable] = await request.Send(execution).ConfigureAwait(false);
            }
            catch (PolicyError) when (ignored)
            {
                // The variable stays null, which is how a policy knows.
            }
        }
    }

    sealed class SendOneWayRequest : Policy
    {
        readonly OwnRequest request;

        public SendOneWayRequest(Node node) : base(node)
        {
            request = new OwnRequest(node);
        }

        /// Nobody waits for the answer; what fails before the request leaves fails the policy.
        public override Task Run(Execution execution)
        {
            var sent = request.Send(execution);
            if (sent.IsFaulted)
                return sent;
            sent.ContinueWith(task => task.Exception, TaskContinuationOptions.OnlyOnFaulted);
            return Done;
        }
    }
}
