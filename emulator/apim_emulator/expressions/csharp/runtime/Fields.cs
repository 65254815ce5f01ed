// SPDX-FileCopyrightText: citadel.ai_gateway contributors
// SPDX-License-Identifier: GPL-3.0-or-later

// Header fields and query parameters: several of one name in their order, names without regard to case.

namespace ApimEmulator.Runtime
{
    using System;
    using System.Collections;
    using System.Collections.Generic;
    using System.Linq;
    using Newtonsoft.Json.Linq;

    sealed class Fields : IReadOnlyDictionary<string, string[]>
    {
        readonly List<KeyValuePair<string, string>> entries = new List<KeyValuePair<string, string>>();

        public static Fields Read(JToken pairs)
        {
            var fields = new Fields();
            foreach (var pair in pairs)
                fields.Add((string)pair[0], (string)pair[1]);
            return fields;
        }

        public int Count => Keys.Count();
        public IEnumerable<string> Keys => entries.Select(entry => entry.Key).Distinct(StringComparer.OrdinalIgnoreCase);
        public IEnumerable<string[]> Values => Keys.Select(name => this[name]);
        public IEnumerable<KeyValuePair<string, string>> Entries => entries;

        public string[] this[string name]
        {
            get
            {
                string[] values;
                if (!TryGetValue(name, out values))
                    throw new KeyNotFoundException("The given key was not present in the dictionary.");
                return values;
            }
        }

        public bool ContainsKey(string name)
        {
            return entries.Exists(entry => Same(entry.Key, name));
        }

        public bool TryGetValue(string name, out string[] values)
        {
            values = entries.Where(entry => Same(entry.Key, name)).Select(entry => entry.Value).ToArray();
            if (values.Length == 0)
                values = null;
            return values != null;
        }

        public void Add(string name, string value)
        {
            entries.Add(new KeyValuePair<string, string>(name, value));
        }

        public void Remove(string name)
        {
            entries.RemoveAll(entry => Same(entry.Key, name));
        }

        public void Set(string name, string value)
        {
            Remove(name);
            Add(name, value);
        }

        public Fields Copy()
        {
            var copy = new Fields();
            copy.entries.AddRange(entries);
            return copy;
        }

        public JArray ToJson()
        {
            return new JArray(entries.Select(entry => new JArray(entry.Key, entry.Value)));
        }

        public IEnumerator<KeyValuePair<string, string[]>> GetEnumerator()
        {
            return Keys.Select(name => new KeyValuePair<string, string[]>(name, this[name])).GetEnumerator();
        }

        IEnumerator IEnumerable.GetEnumerator()
        {
            return GetEnumerator();
        }

        static bool Same(string one, string other)
        {
            return string.Equals(one, other, StringComparison.OrdinalIgnoreCase);
        }
    }
}
