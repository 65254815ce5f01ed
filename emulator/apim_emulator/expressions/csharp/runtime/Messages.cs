// SPDX-FileCopyrightText: citadel.ai_gateway contributors
// SPDX-License-Identifier: GPL-3.0-or-later

// Requests and responses as policies change them and expressions read them.

namespace ApimEmulator.Runtime
{
    using System;
    using System.Collections.Generic;
    using System.IO;
    using System.Linq;
    using System.Net;
    using System.Security.Cryptography.X509Certificates;
    using System.Text;
    using System.Xml.Linq;
    using ApimEmulator.Expressions;
    using Newtonsoft.Json.Linq;

    abstract class Message
    {
        const string ContentLength = "Content-Length";

        protected MessageBody body;
        bool isConsumed;

        public Fields Fields { get; protected set; }
        public IReadOnlyDictionary<string, string[]> Headers => Fields;

        /// Null without a body, and once it was read without being preserved.
        public IMessageBody Body => isConsumed ? null : body;

        /// The content that leaves: of a body that was consumed, nothing.
        public byte[] Bytes => isConsumed ? new byte[0] : body == null ? null : body.Bytes;

        /// Null unless the body is still on the gateway's side.
        public long? Stream => isConsumed || body == null ? null : body.Stream;

        public void SetBody(byte[] bytes)
        {
            Fields.Remove(ContentLength);
            body = bytes == null ? null : new MessageBody(this, bytes);
            isConsumed = false;
        }

        public byte[] ReadAll()
        {
            return isConsumed || body == null ? new byte[0] : body.Read();
        }

        internal void Consume()
        {
            Fields.Remove(ContentLength);
            isConsumed = true;
        }
    }

    sealed class Request : Message, IRequest
    {
        public Request(string method, Url url, Url originalUrl, Fields headers, byte[] bytes)
        {
            Method = method;
            Url = url;
            OriginalUrl = originalUrl;
            Fields = headers;
            if (bytes != null)
                body = new MessageBody(this, bytes);
        }

        public X509Certificate2 Certificate => null;
        public string IpAddress { get; set; }
        public IReadOnlyDictionary<string, string> MatchedParameters { get; set; } = new Dictionary<string, string>();
        public string Method { get; set; }
        public IUrl OriginalUrl { get; }
        public IPrivateEndpointConnection PrivateEndpointConnection => null;
        public Url Url { get; set; }
        IUrl IRequest.Url => Url;

        /// A body that nobody read is not in memory: forwarding it without buffering uses it up.
        public void SendUnbuffered()
        {
            if (body != null && !body.WasRead)
                Consume();
        }
    }

    sealed class Response : Message, IResponse
    {
        public Response(int status, string reason, Fields headers = null)
        {
            StatusCode = status;
            StatusReason = reason;
            Fields = headers ?? new Fields();
        }

        public int StatusCode { get; set; }
        public string StatusReason { get; set; }

        /// read: fetches the body of a stream from the gateway.
        public static Response Of(Frame frame, Func<long, byte[]> read)
        {
            var header = frame.Header;
            var response = new Response(
                (int)header["status"], (string)header["reason"], Fields.Read(header["headers"]));
            var stream = (long?)header["stream"];
            var bytes = frame.Body;
            if (stream != null)
                response.body = new MessageBody(response, stream.Value, read);
            else if (bytes != null)
                response.body = new MessageBody(response, bytes);
            return response;
        }

        public Response Copy()
        {
            var copy = new Response(StatusCode, StatusReason, Fields.Copy());
            if (Body != null)
                copy.body = new MessageBody(copy, ReadAll());
            return copy;
        }
    }

    sealed class MessageBody : IMessageBody
    {
        readonly Message message;
        readonly Func<long, byte[]> read;

        public MessageBody(Message message, byte[] bytes)
        {
            this.message = message;
            Bytes = bytes;
        }

        public MessageBody(Message message, long stream, Func<long, byte[]> read)
        {
            this.message = message;
            this.read = read;
            Stream = stream;
        }

        public byte[] Bytes { get; private set; }
        public long? Stream { get; private set; }
        public bool WasRead { get; private set; }

        public byte[] Read()
        {
            WasRead = true;
            if (Stream != null)
            {
                Bytes = read(Stream.Value);
                Stream = null;
            }
            return Bytes;
        }

        public T As<T>(bool preserveContent = false)
        {
            if (!ReferenceEquals(message.Body, this))
                throw new InvalidOperationException("The message body was read before without being preserved.");
            var bytes = Read();
            if (!preserveContent)
                message.Consume();
            return (T)Convert(bytes, typeof(T));
        }

        public IDictionary<string, IList<string>> AsFormUrlEncodedContent(bool preserveContent = false)
        {
            return As<string>(preserveContent)
                .Split(new[] { '&' }, StringSplitOptions.RemoveEmptyEntries)
                .Select(part => part.Split(new[] { '=' }, 2).Select(WebUtility.UrlDecode).ToArray())
                .GroupBy(pair => pair[0], pair => pair.Length > 1 ? pair[1] : "")
                .ToDictionary(group => group.Key, group => (IList<string>)group.ToList());
        }

        object Convert(byte[] bytes, Type type)
        {
            if (type == typeof(byte[]))
                return bytes;
            var text = Text(bytes);
            if (type == typeof(string))
                return text;
            if (type == typeof(JObject))
                return JObject.Parse(text);
            if (type == typeof(JArray))
                return JArray.Parse(text);
            if (type == typeof(JToken))
                return JToken.Parse(text);
            if (type == typeof(XDocument))
                return XDocument.Parse(text);
            if (type == typeof(XElement) || type == typeof(XNode))
                return XElement.Parse(text);
            throw new NotSupportedException("A message body cannot be read as '" + type + "'.");
        }

        string Text(byte[] bytes)
        {
            using (var reader = new StreamReader(new MemoryStream(bytes), Charset()))
                return reader.ReadToEnd();
        }

        Encoding Charset()
        {
            const string parameter = "charset=";
            var type = message.Headers.GetValueOrDefault("Content-Type", "");
            var start = type.IndexOf(parameter, StringComparison.OrdinalIgnoreCase);
            if (start < 0)
                return Encoding.UTF8;
            var name = type.Substring(start + parameter.Length).Split(';')[0].Trim(' ', '"');
            try
            {
                return Encoding.GetEncoding(name);
            }
            catch (ArgumentException)
            {
                return Encoding.UTF8;
            }
        }
    }
}
