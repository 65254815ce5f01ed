// SPDX-FileCopyrightText: citadel.ai_gateway contributors
// SPDX-License-Identifier: GPL-3.0-or-later

// Which types and members a compiled expression uses, and which of them the allow list refuses.

namespace ApimEmulator.Host
{
    using System;
    using System.Collections.Generic;
    using System.Linq;
    using System.Reflection;
    using System.Runtime.CompilerServices;
    using ApimEmulator.Expressions;
    using Newtonsoft.Json.Linq;

    /// Member is null when the type as a whole is refused.
    struct Usage
    {
        public string Type;
        public string Member;
    }

    sealed class Inspector
    {
        const BindingFlags Declared = BindingFlags.DeclaredOnly | BindingFlags.Public | BindingFlags.NonPublic
            | BindingFlags.Static | BindingFlags.Instance;
        const string Everything = "*";
        const string Except = "!";

        readonly Dictionary<string, HashSet<string>> types;
        readonly Dictionary<string, Type> framework;

        readonly string[] prefixes;

        /// types: full name -> ["*"], or the members that are allowed, or the members that are not, each led by "!".
        /// namespaces: what every expression sees without naming it.
        public Inspector(JObject types, IEnumerable<string> namespaces)
        {
            prefixes = new[] { "" }.Concat(namespaces.Select(name => name + ".")).ToArray();
            this.types = types.Properties().ToDictionary(
                type => type.Name,
                type => new HashSet<string>(type.Value.Select(member => (string)member)));
            framework = new Dictionary<string, Type>();
            foreach (var assembly in new[] { typeof(object), typeof(Uri), typeof(Enumerable), typeof(System.Xml.XmlNodeType) }
                .Select(type => type.Assembly))
                foreach (var type in assembly.GetExportedTypes().Where(type => !type.IsNested))
                    framework[type.FullName] = type;
        }

        /// Constants leave no trace in the compiled code, so those are found by the names in the source.
        public IEnumerable<Usage> Refused(Type expression, IEnumerable<string> names)
        {
            var seen = new HashSet<MemberInfo>();
            foreach (var member in Code(expression).SelectMany(IlReader.Members).Concat(names.SelectMany(Constants)))
                if (seen.Add(member))
                    foreach (var usage in Check(member, expression))
                        yield return usage;
        }

        /// The expression's own class and what the compiler made of its lambdas; an anonymous type holds no user code.
        static IEnumerable<MethodBase> Code(Type type)
        {
            if (type.Name.Contains("AnonType"))
                return new MethodBase[0];
            return type.GetMethods(Declared).Cast<MethodBase>()
                .Concat(type.GetConstructors(Declared))
                .Concat(type.GetNestedTypes(BindingFlags.Public | BindingFlags.NonPublic).SelectMany(Code));
        }

        IEnumerable<MemberInfo> Constants(string name)
        {
            return prefixes.Select(prefix => Constant(prefix + name)).Where(constant => constant != null);
        }

        MemberInfo Constant(string name)
        {
            var end = name.LastIndexOf('.');
            Type type = null;
            while (end > 0 && !framework.TryGetValue(name.Substring(0, end), out type))
                end = name.LastIndexOf('.', end - 1);
            if (type == null)
                return null;
            var member = name.Substring(end + 1).Split('.')[0];
            var field = type.GetField(member, BindingFlags.Public | BindingFlags.Static);
            return field != null && field.IsLiteral ? field : null;
        }

        IEnumerable<Usage> Check(MemberInfo member, Type expression)
        {
            var type = member as Type;
            if (type != null)
                return CheckType(type, expression);
            var method = member as MethodInfo;
            var generic = method != null && method.IsGenericMethod ? method.GetGenericArguments() : Type.EmptyTypes;
            return CheckType(member.DeclaringType, expression)
                .Concat(generic.SelectMany(argument => CheckType(argument, expression)))
                .Concat(CheckMember(member));
        }

        IEnumerable<Usage> CheckType(Type type, Type expression)
        {
            if (type.HasElementType)
                return CheckType(type.GetElementType(), expression);
            if (type.IsGenericParameter || IsOwn(type, expression) || type.Assembly == typeof(IContext).Assembly)
                return Enumerable.Empty<Usage>();
            var refused = Members(type) == null
                ? new[] { new Usage { Type = FullName(type) } }
                : Enumerable.Empty<Usage>();
            return refused.Concat(type.GetGenericArguments().SelectMany(argument => CheckType(argument, expression)));
        }

        /// Anonymous types stand beside the expression classes; lambdas and closures stand inside them.
        static bool IsOwn(Type type, Type expression)
        {
            for (var outer = type; outer != null; outer = outer.DeclaringType)
                if (outer == expression)
                    return true;
            return type.Assembly == expression.Assembly
                && type.IsDefined(typeof(CompilerGeneratedAttribute), false);
        }

        IEnumerable<Usage> CheckMember(MemberInfo member)
        {
            var allowed = Members(member.DeclaringType);
            var name = PlainName(member);
            if (allowed == null || allowed.Contains(Everything) || allowed.Contains(name))
                yield break;
            var namesExceptions = allowed.Any(entry => entry.StartsWith(Except));
            if (name.StartsWith("op_") || namesExceptions && !allowed.Contains(Except + name))
                yield break;
            yield return new Usage { Type = FullName(member.DeclaringType), Member = name };
        }

        HashSet<string> Members(Type type)
        {
            HashSet<string> members;
            for (var outer = type; outer != null; outer = outer.DeclaringType)
                if (types.TryGetValue(FullName(outer), out members))
                    return members;
            return null;
        }

        static string FullName(Type type)
        {
            var name = (type.IsGenericType ? type.GetGenericTypeDefinition() : type).FullName ?? type.Name;
            var arity = name.IndexOf('`');
            return arity < 0 ? name : name.Substring(0, arity);
        }

        static string PlainName(MemberInfo member)
        {
            var method = member as MethodInfo;
            var isAccessor = method != null && method.IsSpecialName
                && (method.Name.StartsWith("get_") || method.Name.StartsWith("set_"));
            return isAccessor ? method.Name.Substring(4) : member.Name;
        }
    }
}
