// SPDX-FileCopyrightText: citadel.ai_gateway contributors
// SPDX-License-Identifier: GPL-3.0-or-later

// Counters that requests share, each service's own.

namespace ApimEmulator.Runtime
{
    using System;
    using System.Collections.Concurrent;
    using System.Collections.Generic;
    using System.Linq;

    static class Counters
    {
        static readonly ConcurrentDictionary<string, Counter> All = new ConcurrentDictionary<string, Counter>();

        public static Counter Of(string key)
        {
            return All.GetOrAdd(key, _ => new Counter());
        }

        public static string Key(Execution execution, params string[] parts)
        {
            return string.Join("\n", new[] { execution.Context.Deployment.ServiceId }.Concat(parts));
        }
    }

    /// Amounts with their time, each kept for as long as it counts.
    sealed class Counter
    {
        readonly LinkedList<Amount> amounts = new LinkedList<Amount>();
        readonly object access = new object();
        long sum;

        /// Adds the amount if the sum then stays within the limit; tells the sum, and how long until room is made.
        public Reading Take(long amount, long limit, TimeSpan window)
        {
            lock (access)
            {
                Forget();
                var isTaken = sum + amount <= limit;
                if (isTaken && amount != 0)
                    Add(amount, window);
                return new Reading { IsWithin = isTaken, Sum = sum, Wait = isTaken ? TimeSpan.Zero : Wait(sum + amount - limit, window) };
            }
        }

        /// Corrects what was taken, when more is known; negative when it was too much.
        public void Correct(long amount, TimeSpan window)
        {
            lock (access)
            {
                Forget();
                Add(amount, window);
            }
        }

        void Add(long amount, TimeSpan window)
        {
            amounts.AddLast(new Amount { Ends = window == TimeSpan.MaxValue ? DateTime.MaxValue : DateTime.UtcNow + window, Size = amount });
            sum += amount;
        }

        void Forget()
        {
            for (var now = DateTime.UtcNow; amounts.First != null && amounts.First.Value.Ends <= now; amounts.RemoveFirst())
                sum -= amounts.First.Value.Size;
        }

        TimeSpan Wait(long excess, TimeSpan window)
        {
            foreach (var amount in amounts)
                if ((excess -= amount.Size) <= 0)
                    return amount.Ends - DateTime.UtcNow;
            return window;
        }

        struct Amount
        {
            public DateTime Ends;
            public long Size;
        }
    }

    struct Reading
    {
        public bool IsWithin;
        public long Sum;
        public TimeSpan Wait;

        public long WaitSeconds => Math.Max(1, (long)Math.Ceiling(Wait.TotalSeconds));
    }
}
