// SPDX-FileCopyrightText: citadel.ai_gateway contributors
// SPDX-License-Identifier: GPL-3.0-or-later

// Frames on standard input and output: four bytes of length (high byte first) of what follows, one letter of kind, four
// bytes of length of a JSON header, the header, and the body's bytes as they are.

namespace ApimEmulator.Runtime
{
    using System;
    using System.IO;
    using System.Text;
    using Newtonsoft.Json;
    using Newtonsoft.Json.Linq;

    sealed class Frame
    {
        const int LengthBytes = 4;
        const int FixedBytes = LengthBytes + 1;
        const string HasBody = "hasBody";

        readonly byte[] data;
        readonly int bodyStart;
        JObject header;

        Frame(byte[] data)
        {
            this.data = data;
            Kind = (char)data[0];
            bodyStart = FixedBytes + Number(data, 1);
        }

        public char Kind { get; }

        /// Read when it is first asked for, so that the thread that reads frames does nothing else.
        public JObject Header => header ?? (header = Json.Read(Encoding.UTF8.GetString(data, FixedBytes, bodyStart - FixedBytes)));

        /// Null when the message has no body, which is not the same as an empty one.
        public byte[] Body
        {
            get
            {
                if (!(bool)Header[HasBody])
                    return null;
                var body = new byte[data.Length - bodyStart];
                Buffer.BlockCopy(data, bodyStart, body, 0, body.Length);
                return body;
            }
        }

        /// Null at the end of the input.
        public static Frame Read(Stream input)
        {
            var length = ReadExactly(input, LengthBytes);
            var data = length == null ? null : ReadExactly(input, Number(length, 0));
            return data == null ? null : new Frame(data);
        }

        public static byte[] Write(char kind, JObject header, byte[] body)
        {
            header[HasBody] = body != null;
            var json = Encoding.UTF8.GetBytes(header.ToString(Formatting.None));
            var bodyLength = body == null ? 0 : body.Length;
            var frame = new byte[LengthBytes + FixedBytes + json.Length + bodyLength];
            PutNumber(frame, 0, frame.Length - LengthBytes);
            frame[LengthBytes] = (byte)kind;
            PutNumber(frame, FixedBytes, json.Length);
            Buffer.BlockCopy(json, 0, frame, LengthBytes + FixedBytes, json.Length);
            if (body != null)
                Buffer.BlockCopy(body, 0, frame, frame.Length - bodyLength, bodyLength);
            return frame;
        }

        static int Number(byte[] bytes, int at)
        {
            return bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3];
        }

        static void PutNumber(byte[] bytes, int at, int number)
        {
            for (var index = 0; index < LengthBytes; index++)
                bytes[at + index] = (byte)(number >> 8 * (LengthBytes - 1 - index));
        }

        static byte[] ReadExactly(Stream input, int count)
        {
            var buffer = new byte[count];
            for (var filled = 0; filled < count;)
            {
                var read = input.Read(buffer, filled, count - filled);
                if (read == 0)
                    return null;
                filled += read;
            }
            return buffer;
        }
    }

    static class Json
    {
        /// A string that looks like a date is still a string.
        public static JObject Read(string text)
        {
            using (var reader = new JsonTextReader(new StringReader(text)) { DateParseHandling = DateParseHandling.None })
                return JObject.Load(reader);
        }
    }
}
