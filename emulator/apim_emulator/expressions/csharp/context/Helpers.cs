// SPDX-FileCopyrightText: citadel.ai_gateway contributors
// SPDX-License-Identifier: GPL-3.0-or-later

// The helpers that API Management adds to .NET types inside policy expressions.

namespace ApimEmulator.Expressions
{
    using System;
    using System.Collections.Generic;
    using System.Security.Cryptography;
    using System.Security.Cryptography.X509Certificates;
    using System.Text;

    public sealed class BasicAuthCredentials
    {
        public BasicAuthCredentials(string userId, string password)
        {
            UserId = userId;
            Password = password;
        }

        public string Password { get; }
        public string UserId { get; }
    }

    /// No parameter is optional: .NET has generic helpers of the same name, and the compiler must prefer these.
    public static class CollectionExtensions
    {
        /// Several values of one header, query parameter or claim are joined with commas.
        public static string GetValueOrDefault(
            this IReadOnlyDictionary<string, string[]> values, string name, string defaultValue)
        {
            string[] found;
            return values.TryGetValue(name, out found) ? string.Join(",", found) : defaultValue;
        }

        public static string GetValueOrDefault(this IReadOnlyDictionary<string, string[]> values, string name)
        {
            return values.GetValueOrDefault(name, null);
        }

        public static string GetValueOrDefault(
            this IReadOnlyDictionary<string, string> values, string name, string defaultValue)
        {
            string found;
            return values.TryGetValue(name, out found) ? found : defaultValue;
        }

        public static string GetValueOrDefault(this IReadOnlyDictionary<string, string> values, string name)
        {
            return values.GetValueOrDefault(name, null);
        }

        /// Throws InvalidCastException when the variable holds another type.
        public static T GetValueOrDefault<T>(
            this IReadOnlyDictionary<string, object> variables, string name, T defaultValue)
        {
            object found;
            return variables.TryGetValue(name, out found) ? (T)found : defaultValue;
        }

        public static T GetValueOrDefault<T>(this IReadOnlyDictionary<string, object> variables, string name)
        {
            return variables.GetValueOrDefault(name, default(T));
        }
    }

    public static class CredentialExtensions
    {
        const string BasicPrefix = "Basic ";

        public static BasicAuthCredentials AsBasic(this string value)
        {
            if (value == null || !value.StartsWith(BasicPrefix, StringComparison.OrdinalIgnoreCase))
                return null;
            try
            {
                var decoded = Encoding.UTF8.GetString(Convert.FromBase64String(value.Substring(BasicPrefix.Length).Trim()));
                var colon = decoded.IndexOf(':');
                return colon < 0
                    ? null
                    : new BasicAuthCredentials(decoded.Substring(0, colon), decoded.Substring(colon + 1));
            }
            catch (FormatException)
            {
                return null;
            }
        }

        public static bool TryParseBasic(this string value, out BasicAuthCredentials result)
        {
            result = value.AsBasic();
            return result != null;
        }

        public static Jwt AsJwt(this string value)
        {
            return Jwt.Parse(value);
        }

        public static bool TryParseJwt(this string value, out Jwt result)
        {
            result = value.AsJwt();
            return result != null;
        }
    }

    public static class CipherExtensions
    {
        public static byte[] Encrypt(this byte[] input, string alg, byte[] key, byte[] iv)
        {
            using (var algorithm = SymmetricAlgorithm.Create(alg))
                return input.Encrypt(algorithm, key, iv);
        }

        public static byte[] Encrypt(this byte[] input, SymmetricAlgorithm alg)
        {
            return input.Encrypt(alg, alg.Key, alg.IV);
        }

        public static byte[] Encrypt(this byte[] input, SymmetricAlgorithm alg, byte[] key, byte[] iv)
        {
            using (var transform = alg.CreateEncryptor(key, iv))
                return transform.TransformFinalBlock(input, 0, input.Length);
        }

        public static byte[] Decrypt(this byte[] input, string alg, byte[] key, byte[] iv)
        {
            using (var algorithm = SymmetricAlgorithm.Create(alg))
                return input.Decrypt(algorithm, key, iv);
        }

        public static byte[] Decrypt(this byte[] input, SymmetricAlgorithm alg)
        {
            return input.Decrypt(alg, alg.Key, alg.IV);
        }

        public static byte[] Decrypt(this byte[] input, SymmetricAlgorithm alg, byte[] key, byte[] iv)
        {
            using (var transform = alg.CreateDecryptor(key, iv))
                return transform.TransformFinalBlock(input, 0, input.Length);
        }

        public static bool VerifyNoRevocation(this X509Certificate2 certificate)
        {
            var chain = new X509Chain();
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            return chain.Build(certificate);
        }
    }
}
