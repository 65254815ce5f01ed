// SPDX-FileCopyrightText: citadel.ai_gateway contributors
// SPDX-License-Identifier: GPL-3.0-or-later

// What an expression may return where. Every expression is compiled as a method that returns one of these types, so
// the compiler itself decides: a conversion exists from each return type that the attribute takes, and from no other.

namespace ApimEmulator.Expressions.Results
{
    using System;
    using Newtonsoft.Json.Linq;

    /// The result of an expression, for whoever evaluates it.
    public abstract class Result
    {
        protected Result(object value)
        {
            Value = value;
        }

        public object Value { get; }
    }

    /// A literal-only attribute: no expression has a type that it takes.
    public sealed class Nothing : Result
    {
        Nothing() : base(null) { }
    }

    public sealed class Condition : Result
    {
        Condition(object value) : base(value) { }

        public static implicit operator Condition(bool value) { return new Condition(value); }
    }

    public sealed class Number : Result
    {
        Number(object value) : base(value) { }

        public static implicit operator Number(int value) { return new Number(value); }
    }

    public sealed class Body : Result
    {
        Body(object value) : base(value) { }

        public static implicit operator Body(string value) { return new Body(value); }
        public static implicit operator Body(byte[] value) { return new Body(value); }
    }

    /// Text of a header, key, address, message: the basic types, written as text.
    public sealed class Text : Result
    {
        Text(object value) : base(value) { }

        public static implicit operator Text(string value) { return new Text(value); }
        public static implicit operator Text(byte[] value) { return new Text(value); }
        public static implicit operator Text(bool value) { return new Text(value); }
        public static implicit operator Text(sbyte value) { return new Text(value); }
        public static implicit operator Text(byte value) { return new Text(value); }
        public static implicit operator Text(ushort value) { return new Text(value); }
        public static implicit operator Text(uint value) { return new Text(value); }
        public static implicit operator Text(ulong value) { return new Text(value); }
        public static implicit operator Text(short value) { return new Text(value); }
        public static implicit operator Text(int value) { return new Text(value); }
        public static implicit operator Text(long value) { return new Text(value); }
        public static implicit operator Text(decimal value) { return new Text(value); }
        public static implicit operator Text(float value) { return new Text(value); }
        public static implicit operator Text(double value) { return new Text(value); }
        public static implicit operator Text(char value) { return new Text(value); }
        public static implicit operator Text(Guid value) { return new Text(value); }
        public static implicit operator Text(DateTime value) { return new Text(value); }
        public static implicit operator Text(TimeSpan value) { return new Text(value); }
        public static implicit operator Text(bool? value) { return new Text(value); }
        public static implicit operator Text(sbyte? value) { return new Text(value); }
        public static implicit operator Text(byte? value) { return new Text(value); }
        public static implicit operator Text(ushort? value) { return new Text(value); }
        public static implicit operator Text(uint? value) { return new Text(value); }
        public static implicit operator Text(ulong? value) { return new Text(value); }
        public static implicit operator Text(short? value) { return new Text(value); }
        public static implicit operator Text(int? value) { return new Text(value); }
        public static implicit operator Text(long? value) { return new Text(value); }
        public static implicit operator Text(decimal? value) { return new Text(value); }
        public static implicit operator Text(float? value) { return new Text(value); }
        public static implicit operator Text(double? value) { return new Text(value); }
        public static implicit operator Text(char? value) { return new Text(value); }
        public static implicit operator Text(Guid? value) { return new Text(value); }
        public static implicit operator Text(DateTime? value) { return new Text(value); }
        public static implicit operator Text(TimeSpan? value) { return new Text(value); }
    }

    /// A context variable: the basic types that set-variable lists, and JSON.
    public sealed class Variable : Result
    {
        Variable(object value) : base(value) { }

        public static implicit operator Variable(string value) { return new Variable(value); }
        public static implicit operator Variable(byte[] value) { return new Variable(value); }
        public static implicit operator Variable(bool value) { return new Variable(value); }
        public static implicit operator Variable(sbyte value) { return new Variable(value); }
        public static implicit operator Variable(byte value) { return new Variable(value); }
        public static implicit operator Variable(ushort value) { return new Variable(value); }
        public static implicit operator Variable(uint value) { return new Variable(value); }
        public static implicit operator Variable(ulong value) { return new Variable(value); }
        public static implicit operator Variable(short value) { return new Variable(value); }
        public static implicit operator Variable(int value) { return new Variable(value); }
        public static implicit operator Variable(long value) { return new Variable(value); }
        public static implicit operator Variable(decimal value) { return new Variable(value); }
        public static implicit operator Variable(float value) { return new Variable(value); }
        public static implicit operator Variable(double value) { return new Variable(value); }
        public static implicit operator Variable(char value) { return new Variable(value); }
        public static implicit operator Variable(Guid value) { return new Variable(value); }
        public static implicit operator Variable(DateTime value) { return new Variable(value); }
        public static implicit operator Variable(TimeSpan value) { return new Variable(value); }
        public static implicit operator Variable(bool? value) { return new Variable(value); }
        public static implicit operator Variable(sbyte? value) { return new Variable(value); }
        public static implicit operator Variable(byte? value) { return new Variable(value); }
        public static implicit operator Variable(ushort? value) { return new Variable(value); }
        public static implicit operator Variable(uint? value) { return new Variable(value); }
        public static implicit operator Variable(ulong? value) { return new Variable(value); }
        public static implicit operator Variable(short? value) { return new Variable(value); }
        public static implicit operator Variable(int? value) { return new Variable(value); }
        public static implicit operator Variable(long? value) { return new Variable(value); }
        public static implicit operator Variable(decimal? value) { return new Variable(value); }
        public static implicit operator Variable(float? value) { return new Variable(value); }
        public static implicit operator Variable(double? value) { return new Variable(value); }
        public static implicit operator Variable(char? value) { return new Variable(value); }
        public static implicit operator Variable(Guid? value) { return new Variable(value); }
        public static implicit operator Variable(DateTime? value) { return new Variable(value); }
        public static implicit operator Variable(TimeSpan? value) { return new Variable(value); }
        public static implicit operator Variable(JToken value) { return new Variable(value); }
    }
}
