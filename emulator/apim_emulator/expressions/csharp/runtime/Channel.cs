// SPDX-FileCopyrightText: citadel.ai_gateway contributors
// SPDX-License-Identifier: GPL-3.0-or-later

// What executions ask of the gateway, and how its answers find them again.

namespace ApimEmulator.Runtime
{
    using System.Collections.Concurrent;
    using System.IO;
    using System.Threading;
    using System.Threading.Tasks;
    using Newtonsoft.Json.Linq;

    sealed class Channel
    {
        const char AskKind = 'A';

        readonly Stream output;
        readonly object outputLock = new object();
        readonly ConcurrentDictionary<long, TaskCompletionSource<Frame>> waiting =
            new ConcurrentDictionary<long, TaskCompletionSource<Frame>>();
        long asks;

        public Channel(Stream output)
        {
            this.output = output;
        }

        public void Send(char kind, JObject header, byte[] body)
        {
            var frame = Frame.Write(kind, header, body);
            lock (outputLock)
            {
                output.Write(frame, 0, frame.Length);
                output.Flush();
            }
        }

        /// Throws PolicyError when the gateway answers with a failure.
        public async Task<Frame> Ask(long execution, string what, JObject header, byte[] body)
        {
            return Checked(await Begin(execution, what, header, body).ConfigureAwait(false));
        }

        /// The same for code that cannot be continued later. It needs no other thread to come to its end.
        public Frame AskAndWait(long execution, string what, JObject header)
        {
            return Checked(Begin(execution, what, header, null).Result);
        }

        Task<Frame> Begin(long execution, string what, JObject header, byte[] body)
        {
            var number = Interlocked.Increment(ref asks);
            var answer = new TaskCompletionSource<Frame>(TaskCreationOptions.RunContinuationsAsynchronously);
            waiting[number] = answer;
            header["ask"] = number;
            header["id"] = execution;
            header["what"] = what;
            Send(AskKind, header, body);
            return answer.Task;
        }

        static Frame Checked(Frame frame)
        {
            var failure = frame.Header["failure"] as JObject;
            if (failure != null)
                throw PolicyError.Of(failure);
            return frame;
        }

        public void Answer(Frame frame)
        {
            TaskCompletionSource<Frame> answer;
            if (waiting.TryRemove((long)frame.Header["ask"], out answer))
                answer.SetResult(frame);
        }
    }
}
