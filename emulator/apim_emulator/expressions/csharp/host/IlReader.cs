// SPDX-FileCopyrightText: citadel.ai_gateway contributors
// SPDX-License-Identifier: GPL-3.0-or-later

// Reads the types and members that a method's compiled code names.

namespace ApimEmulator.Host
{
    using System;
    using System.Collections.Generic;
    using System.Linq;
    using System.Reflection;
    using System.Reflection.Emit;

    static class IlReader
    {
        const byte TwoByteLead = 0xFE;

        static readonly Dictionary<short, OpCode> OpCodesByValue = typeof(OpCodes)
            .GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(field => (OpCode)field.GetValue(null))
            .ToDictionary(code => code.Value);

        /// Locals and caught exceptions count too: a declaration alone leaves no instruction.
        public static IEnumerable<MemberInfo> Members(MethodBase method)
        {
            var body = method.GetMethodBody();
            if (body == null)
                return new MemberInfo[0];
            var caught = body.ExceptionHandlingClauses
                .Where(clause => clause.Flags == ExceptionHandlingClauseOptions.Clause)
                .Select(clause => (MemberInfo)clause.CatchType);
            var locals = body.LocalVariables.Select(local => (MemberInfo)local.LocalType);
            return locals.Concat(caught).Concat(Operands(method, body.GetILAsByteArray()));
        }

        static IEnumerable<MemberInfo> Operands(MethodBase method, byte[] code)
        {
            var typeArguments = method.DeclaringType.GetGenericArguments();
            var methodArguments = method.IsGenericMethod ? method.GetGenericArguments() : Type.EmptyTypes;
            for (var position = 0; position < code.Length;)
            {
                var value = code[position] == TwoByteLead
                    ? (short)(TwoByteLead << 8 | code[position + 1])
                    : (short)code[position];
                var instruction = OpCodesByValue[value];
                position += instruction.Size;
                if (IsMember(instruction.OperandType))
                    yield return method.Module.ResolveMember(
                        BitConverter.ToInt32(code, position), typeArguments, methodArguments);
                position += OperandSize(instruction.OperandType, code, position);
            }
        }

        static bool IsMember(OperandType operand)
        {
            return operand == OperandType.InlineField || operand == OperandType.InlineMethod
                || operand == OperandType.InlineTok || operand == OperandType.InlineType;
        }

        static int OperandSize(OperandType operand, byte[] code, int position)
        {
            switch (operand)
            {
                case OperandType.InlineNone:
                    return 0;
                case OperandType.ShortInlineBrTarget:
                case OperandType.ShortInlineI:
                case OperandType.ShortInlineVar:
                    return 1;
                case OperandType.InlineVar:
                    return 2;
                case OperandType.InlineI8:
                case OperandType.InlineR:
                    return 8;
                case OperandType.InlineSwitch:
                    return 4 + 4 * BitConverter.ToInt32(code, position);
                default:
                    return 4;
            }
        }
    }
}
