// SPDX-FileCopyrightText: citadel.ai_gateway contributors
// SPDX-License-Identifier: GPL-3.0-or-later

// The process that compiles policy expressions, to check them or to execute policies with them. It talks in frames on
// standard input and output. Those of the check: four bytes of length, high byte first, then that much JSON. The end of
// the input ends the process, so it never outlives its parent.

namespace ApimEmulator.Host
{
    using System;
    using System.Collections.Concurrent;
    using System.IO;
    using System.Linq;
    using System.Text;
    using System.Threading;
    using ApimEmulator.Runtime;
    using Newtonsoft.Json;
    using Newtonsoft.Json.Linq;

    static class Program
    {
        // The compiler recurses with the depth of an expression: a long chain of operators must not end the process.
        const int CompilerStackBytes = 512 * 1024 * 1024;

        static readonly Stream Output = Console.OpenStandardOutput();
        static readonly object OutputLock = new object();

        static int Main(string[] arguments)
        {
            if (arguments.Length != 3 || arguments[0] != "check" && arguments[0] != "execute")
            {
                Console.Error.WriteLine("usage: ExpressionHost check|execute SETTINGS-FILE WORK-DIRECTORY");
                return 2;
            }
            var compiler = new ExpressionCompiler(JObject.Parse(File.ReadAllText(arguments[1])), arguments[2]);
            using (var input = Console.OpenStandardInput())
                if (arguments[0] == "check")
                    Check(compiler, input);
                else
                    new RuntimeServer(compiler, Output).Serve(input, CompilerStackBytes);
            // The parent has ended, or asks this process to: it may not be there to tidy up.
            if (Directory.Exists(arguments[2]))
                Directory.Delete(arguments[2], true);
            return 0;
        }

        static void Check(ExpressionCompiler compiler, Stream input)
        {
            var requests = new BlockingCollection<JObject>();
            new Thread(() => Work(compiler, requests), CompilerStackBytes) { IsBackground = true }.Start();
            for (var request = Read(input); request != null; request = Read(input))
                requests.Add(request);
        }

        /// Mono's compiler keeps static state, so one thread does all compilations.
        static void Work(ExpressionCompiler compiler, BlockingCollection<JObject> requests)
        {
            foreach (var request in requests.GetConsumingEnumerable())
            {
                JObject answer;
                try
                {
                    var errors = new JArray();
                    compiler.Compile((JArray)request["expressions"], errors);
                    answer = new JObject(new JProperty("errors", errors));
                }
                catch (Exception error)
                {
                    answer = new JObject(new JProperty("failure", error.ToString()));
                }
                answer["id"] = request["id"];
                Write(answer);
            }
        }

        static JObject Read(Stream input)
        {
            var length = ReadExactly(input, 4);
            if (length == null)
                return null;
            var body = ReadExactly(input, length[0] << 24 | length[1] << 16 | length[2] << 8 | length[3]);
            if (body == null)
                return null;
            // A string that looks like a date is still a string.
            var text = new StringReader(Encoding.UTF8.GetString(body));
            using (var reader = new JsonTextReader(text) { DateParseHandling = DateParseHandling.None })
                return JObject.Load(reader);
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

        static void Write(JObject answer)
        {
            var body = Encoding.UTF8.GetBytes(answer.ToString(Formatting.None));
            var length = BitConverter.GetBytes(body.Length).Reverse().ToArray();
            lock (OutputLock)
            {
                Output.Write(length, 0, length.Length);
                Output.Write(body, 0, body.Length);
                Output.Flush();
            }
        }
    }
}
