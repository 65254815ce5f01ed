// SPDX-FileCopyrightText: citadel.ai_gateway contributors
// SPDX-License-Identifier: GPL-3.0-or-later

// `context` of one request. The entities come as JSON from the gateway; what is absent there is null here.

namespace ApimEmulator.Runtime
{
    using System;
    using System.Collections.Generic;
    using System.Globalization;
    using System.Linq;
    using System.Security.Cryptography.X509Certificates;
    using ApimEmulator.Expressions;
    using Newtonsoft.Json.Linq;

    sealed class RequestContext : IContext
    {
        readonly Action<string> trace;
        readonly DateTime start = DateTime.UtcNow;

        public RequestContext(JObject json, Request request, Action<string> trace)
        {
            this.trace = trace;
            Request = request;
            var view = new View(json);
            Timestamp = view.Moment("Timestamp") ?? start;
            RequestId = view.Text("RequestId") == null ? Guid.NewGuid() : Guid.Parse(view.Text("RequestId"));
            Deployment = new Deployment(json["Deployment"] as JObject ?? new JObject());
            Api = Of(json["Api"], item => new Api(item));
            Operation = Of(json["Operation"], item => new Operation(item));
            Product = Of(json["Product"], item => new Product(item));
            Subscription = Of(json["Subscription"], item => new Subscription(item));
            User = Of(json["User"], item => new User(item));
            request.IpAddress = view.Text("IpAddress");
            var parameters = json["MatchedParameters"] as JObject;
            if (parameters != null)
                request.MatchedParameters = parameters.Properties().ToDictionary(
                    parameter => parameter.Name, parameter => (string)parameter.Value, StringComparer.OrdinalIgnoreCase);
        }

        public IContextApi Api { get; }
        public IDeployment Deployment { get; }
        public TimeSpan Elapsed => DateTime.UtcNow - start;
        public LastError LastError { get; set; }
        public IOperation Operation { get; }
        public IProduct Product { get; }
        public Request Request { get; }
        public Guid RequestId { get; }
        public Response Response { get; set; }
        public ISubscription Subscription { get; }
        public DateTime Timestamp { get; }
        public bool Tracing => false;
        public IUser User { get; }
        public Dictionary<string, object> Variables { get; } = new Dictionary<string, object>();

        ILastError IContext.LastError => LastError;
        IRequest IContext.Request => Request;
        IResponse IContext.Response => Response;
        IReadOnlyDictionary<string, object> IContext.Variables => Variables;

        public void Trace(string message)
        {
            trace(message);
        }

        static T Of<T>(JToken json, Func<JObject, T> create) where T : class
        {
            var item = json as JObject;
            return item == null ? null : create(item);
        }
    }

    /// Members of a JSON object by the names of C# properties.
    class View
    {
        readonly JObject json;

        public View(JObject json)
        {
            this.json = json;
        }

        public string Id => Text("Id");
        public string Name => Text("Name");

        public string Text(string name)
        {
            return (string)json[name];
        }

        public bool Flag(string name)
        {
            return (bool?)json[name] ?? false;
        }

        public int? Number(string name)
        {
            return (int?)json[name];
        }

        public DateTime? Moment(string name)
        {
            var text = Text(name);
            return text == null ? (DateTime?)null : DateTime.Parse(
                text, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal);
        }

        public IEnumerable<string> Texts(string name)
        {
            return (json[name] ?? new JArray()).Select(item => (string)item);
        }

        public IEnumerable<T> Many<T>(string name, Func<JObject, T> create)
        {
            return (json[name] ?? new JArray()).Select(item => create((JObject)item));
        }

        public View Part(string name)
        {
            return new View(json[name] as JObject ?? new JObject());
        }
    }

    sealed class Api : View, IContextApi, ISubscriptionKeyParameterNames
    {
        readonly View keyNames;

        public Api(JObject json) : base(json)
        {
            keyNames = Part("SubscriptionKeyParameterNames");
        }

        public bool IsCurrentRevision => Flag("IsCurrentRevision");
        public string Path => Text("Path");
        public IEnumerable<string> Protocols => Texts("Protocols");
        public string Revision => Text("Revision");
        public IUrl ServiceUrl => Text("ServiceUrl") == null ? null : Url.Absolute(Text("ServiceUrl"));
        public ISubscriptionKeyParameterNames SubscriptionKeyParameterNames => this;
        public string Version => Text("Version");
        string ISubscriptionKeyParameterNames.Header => keyNames.Text("Header");
        string ISubscriptionKeyParameterNames.Query => keyNames.Text("Query");
    }

    sealed class Operation : View, IOperation
    {
        public Operation(JObject json) : base(json) { }

        public string Method => Text("Method");
        public string UrlTemplate => Text("UrlTemplate");
    }

    sealed class Deployment : View, IDeployment, IGateway
    {
        public Deployment(JObject json) : base(json) { }

        public IReadOnlyDictionary<string, X509Certificate2> Certificates { get; } =
            new Dictionary<string, X509Certificate2>();
        public IGateway Gateway => this;
        public string GatewayId => Text("GatewayId");
        public string Region => Text("Region");
        public string ServiceId => Text("ServiceId");
        public string ServiceName => Text("ServiceName");
        string IGateway.Id => GatewayId;
        bool IGateway.IsManaged => GatewayId == "managed";
    }

    sealed class Product : View, IProduct
    {
        public Product(JObject json) : base(json) { }

        public IEnumerable<IApi> Apis => Many("Apis", item => new Api(item));
        public bool ApprovalRequired => Flag("ApprovalRequired");
        public IEnumerable<IGroup> Groups => Many("Groups", item => new Group(item));
        public ProductState State =>
            string.Equals(Text("State"), "notPublished", StringComparison.OrdinalIgnoreCase)
                ? ProductState.NotPublished : ProductState.Published;
        public int? SubscriptionLimit => Number("SubscriptionLimit");
        public bool SubscriptionRequired => Flag("SubscriptionRequired");
    }

    sealed class Group : View, IGroup
    {
        public Group(JObject json) : base(json) { }
    }

    sealed class Subscription : View, ISubscription
    {
        public Subscription(JObject json) : base(json) { }

        public DateTime CreatedDate => Moment("CreatedDate") ?? default(DateTime);
        public DateTime? EndDate => Moment("EndDate");
        public string Key => Text("Key");
        public string PrimaryKey => Text("PrimaryKey");
        public string SecondaryKey => Text("SecondaryKey");
        public DateTime? StartDate => Moment("StartDate");
    }

    sealed class User : View, IUser
    {
        public User(JObject json) : base(json) { }

        public string Email => Text("Email");
        public string FirstName => Text("FirstName");
        public IEnumerable<IGroup> Groups => Many("Groups", item => new Group(item));
        public IEnumerable<IUserIdentity> Identities => Many("Identities", item => new UserIdentity(item));
        public string LastName => Text("LastName");
        public string Note => Text("Note");
        public DateTime RegistrationDate => Moment("RegistrationDate") ?? default(DateTime);
    }

    sealed class UserIdentity : View, IUserIdentity
    {
        public UserIdentity(JObject json) : base(json) { }

        public string Provider => Text("Provider");
    }

    sealed class LastError : ILastError
    {
        public string Message { get; set; }
        public string Path { get; set; }
        public string PolicyId { get; set; }
        public string Reason { get; set; }
        public string Scope { get; set; }
        public string Section { get; set; }
        public string Source { get; set; }
    }
}
