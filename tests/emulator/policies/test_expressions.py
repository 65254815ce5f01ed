# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the compiler and the list of allowed types say about expressions."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .conftest import Check, Refusal

ValueRefusal = Callable[..., list[str]]

CONDITION = "<choose><when condition='{}'/></choose>"
HEADER = "<set-header name='h'><value>{}</value></set-header>"
STATUS = "<set-status code='{}'/>"
BODY = "<set-body>{}</set-body>"
CLIENT_ID = "<authentication-managed-identity resource='r' client-id='{}'/>"


def test_a_compile_error_names_the_policy_element(refusal: Refusal) -> None:
    text = "<fragment>\n\t<choose>\n\t\t<when condition='@(nonsense)' />\n\t</choose>\n</fragment>"
    assert refusal(text).details == [
        {
            "code": "ValidationError",
            "target": "choose",
            "message": "Error in element 'choose' on line 2, column 3: "
            "The name 'nonsense' does not exist in the current context",
        }
    ]


def test_each_wrong_expression_is_told_at_its_element(refusal: Refusal) -> None:
    wrong = "<set-variable name='a' value='@(nope)'/>"
    right = "<set-variable name='a' value='@(1)'/>"
    details = refusal(f"<fragment>\n{wrong}\n{right}\n{wrong}</fragment>").details
    assert ["line 2" in details[0]["message"], "line 4" in details[1]["message"], len(details)] == [True, True, 2]


@pytest.mark.parametrize(
    "expression",
    [
        "@(context.Api.Name + context.Api.Revision + context.Api.ServiceUrl.Host + context.Operation.UrlTemplate)",
        "@(context.Deployment.Region + context.Deployment.GatewayId + context.Deployment.Gateway.IsManaged)",
        '@(context.Request.Headers.GetValueOrDefault("a", "b") + context.Request.Url.Query.GetValueOrDefault("c"))',
        '@(context.Request.MatchedParameters.GetValueOrDefault("deployment-id", ""))',
        "@(context.Request.OriginalUrl.QueryString + context.Request.IpAddress+ context.Request.Certificate?.Issuer)",
        '@(context.Request.Body.As<JObject>(preserveContent: true).Value<string>("model"))',
        '@((string)context.Request.Body?.As<JObject>(true)?["model"] ?? "none")',
        "@(context.Response.StatusCode + context.Response.StatusReason)",
        '@(((IResponse)context.Variables["r"]).Body.As<string>())',
        '@(context.Product?.Name ?? "none")',
        "@(context.Subscription?.StartDate?.ToString())",
        "@(context.User.Groups.Select(group => group.Name).FirstOrDefault() + context.User.Identities.Count())",
        "@(context.LastError.Source + context.LastError.Reason + context.LastError.Section)",
        '@(context.RequestId.ToString("N") + context.Timestamp + context.Elapsed + context.Tracing)',
        '@(context.Variables.GetValueOrDefault<int>("n", 5) + context.Variables.GetValueOrDefault("s", "x"))',
        '@{ context.Trace("message"); return ""; }',
        '@{ Jwt jwt; return "x".TryParseJwt(out jwt) ? jwt.Claims.GetValueOrDefault("sub") : jwt?.Issuer; }',
        '@("Basic x".AsBasic()?.UserId)',
        '@(Convert.ToBase64String(new byte[16].Encrypt("Aes", new byte[16], new byte[16])))',
        '@(JObject.FromObject(new { a = 1, b = new[] { "c" } }).ToString(Newtonsoft.Json.Formatting.None))',
        '@(JsonConvert.SerializeObject(new Dictionary<string, int> { { "a", 1 } }))',
        '@(new HMACSHA256(Encoding.UTF8.GetBytes("k")).ComputeHash(new byte[0]).Length)',
        '@(Regex.Match("a1", "[0-9]").Groups[0].Value + Regex.Replace("a", "b", "c", RegexOptions.IgnoreCase))',
        '@(XDocument.Parse("<a/>").Root.Name.LocalName)',
        '@{ using (var w = new StringWriter()) { w.WriteLine("x"); return w.ToString(); } }',
        "@{ foreach (var x in new List<int> { 3, 1 }.OrderBy(x => x)) { if (x > 2) { return x; } } return 0; }",
        "@{ foreach (var kv in context.Variables) { return kv.Key; } return null; }",
        '@{ try { return int.Parse("x"); } catch (Exception error) { return error.Message.Length; } }',
        '@{ if (context.Variables["x"] is string s && int.TryParse(s, out var n)) { return n; } return 1; }',
        '@{ switch ("a") { case "a": case "b": return 1; default: throw new Exception("x"); } }',
        '@{ var o = new JObject(); o["at"] = DateTime.UtcNow.AddMinutes(5) > DateTime.MinValue; return o.ToString(); }',
        "@(new Random().Next(3) + Math.Max(1, 2) + Guid.NewGuid().ToString() + TimeSpan.FromSeconds(1))",
        '@(WebUtility.UrlEncode("a") + Uri.EscapeDataString("b") + new Uri("http://a/b").Host)',
        "@(// a comment at the end\n 1 // here)\n)",
    ],
)
def test_accepted(check: Check, expression: str) -> None:
    assert check(f'<fragment><set-variable name="v" value="{expression}"/></fragment>')


@pytest.mark.parametrize(
    ("expression", "what"),
    [
        ('@(System.IO.File.ReadAllText("/etc/passwd"))', "type 'System.IO.File'"),
        ('@(File.Exists("x"))', "type 'System.IO.File'"),
        ('@{ System.IO.FileInfo f = null; return ""; }', "type 'System.IO.FileInfo'"),
        ("@(System.Threading.Thread.CurrentThread.Name)", "type 'System.Threading.Thread'"),
        ("@(System.Threading.Timeout.Infinite)", "type 'System.Threading.Timeout'"),
        ('@{ lock ("x") { return 1; } }', "type 'System.Threading.Monitor'"),
        ("@(typeof(string).Assembly.FullName)", "type 'System.Type'"),
        ('@("x".GetType().Assembly.FullName)', "type 'System.Type'"),
        ("@(Environment.MachineName)", "type 'System.Environment'"),
        ('@(System.Diagnostics.Process.Start("x").Id)', "type 'System.Diagnostics.Process'"),
        ('@(new System.Net.WebClient().DownloadString("x"))', "type 'System.Net.WebClient'"),
        ("@(System.Globalization.CultureInfo.InvariantCulture.Name)", "type 'System.Globalization.CultureInfo'"),
        ('@(int.Parse("1", System.Globalization.NumberStyles.Any))', "type 'System.Globalization.NumberStyles'"),
        ("@{ try { return 1; } catch (FormatException) { return 2; } }", "type 'System.FormatException'"),
        ("@(new[] { 1 }.Select(x => System.IO.Path.GetTempPath()).First())", "type 'System.IO.Path'"),
        ("@(context.Request.Body.As<System.IO.Stream>() == null)", "type 'System.IO.Stream'"),
        ('@(DateTime.ParseExact("x", "y", null))', "member 'ParseExact' of type 'System.DateTime'"),
        ("@(DateTime.UtcNow.ToUniversalTime())", "member 'ToUniversalTime' of type 'System.DateTime'"),
        ("@(new DateTime(1, DateTimeKind.Local))", "member 'Local' of type 'System.DateTimeKind'"),
        ('@(XDocument.Load("x").ToString())', "member 'Load' of type 'System.Xml.Linq.XDocument'"),
        ('@(JsonConvert.DeserializeXNode("{}").ToString())', "member 'DeserializeXNode' of type"),
        ("@((1, 2).Item1)", "type 'System.ValueTuple'"),
    ],
)
def test_types_that_expressions_may_not_use(value_refusal: ValueRefusal, expression: str, what: str) -> None:
    (message, *_) = value_refusal(expression)
    assert message.startswith("Usage of ")
    assert what in message
    assert message.endswith(" is not supported within expressions")


@pytest.mark.parametrize(
    ("expression", "place", "type_name"),
    [
        ('@("x")', CONDITION, "System.String"),
        ('@(context.Variables["x"])', CONDITION, "System.Object"),
        ('@(context.Variables["x"])', HEADER, "System.Object"),
        ('@(new JObject()["x"])', HEADER, "Newtonsoft.Json.Linq.JToken"),
        ('@(new[] { "x" })', HEADER, "System.String[]"),
        ("@(1.5)", STATUS, "System.Double"),
        ("@(new JObject())", BODY, "Newtonsoft.Json.Linq.JObject"),
        ('@("x")', CLIENT_ID, "System.String"),
        ("@(5)", CLIENT_ID, "System.Int32"),
        ("@(new List<string>())", "<set-variable name='v' value='{}'/>", "System.Collections.Generic.List<string>"),
    ],
)
def test_return_types_that_a_place_does_not_take(
    value_refusal: ValueRefusal, expression: str, place: str, type_name: str
) -> None:
    assert value_refusal(expression, place) == [f"Expression return type '{type_name}' is not allowed"]


@pytest.mark.parametrize(
    ("expression", "place"),
    [
        ("@(1 == 1)", CONDITION),
        ("@(context.RequestId)", HEADER),
        ("@(context.Response.StatusCode)", HEADER),
        ("@(null)", HEADER),
        ("@(400 + 1)", STATUS),
        ("@(context.Request.Body.As<byte[]>())", BODY),
        ('@{ if (context.Tracing) { return new JArray(); } return "x"; }', "<set-variable name='v' value='{}'/>"),
        ("@((int?)null)", "<set-variable name='v' value='{}'/>"),
    ],
)
def test_return_types_that_a_place_takes(check: Check, expression: str, place: str) -> None:
    assert check(f"<fragment>{place.replace('{}', expression)}</fragment>")


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("@{ if (context.Tracing) { return 1; } }", "not all code paths return a value"),
        ("@(context.Nonsense)", "does not contain a definition for 'Nonsense'"),
        ("@(Expression1.Evaluate(context).Value.ToString())", "does not exist in the current context"),
        ("@(1; System.IO.File)", "Unexpected symbol"),
        ("@()", "Unexpected symbol"),
        ("@(await x)", "The 'await' operator can only be used"),
        ("@{ dynamic x = 1; return (int)x; }", "Microsoft.CSharp.dll"),
    ],
)
def test_what_does_not_compile(value_refusal: ValueRefusal, expression: str, message: str) -> None:
    assert message in value_refusal(expression)[0]


def test_one_expression_cannot_use_another(value_refusal: ValueRefusal) -> None:
    place = "<set-variable name='a' value='{}'/><set-variable name='b' value='@(1)'/>"
    assert value_refusal("@(Expression1.Evaluate(context).ToString())", place) == [
        "Usage of type 'Policy.Expression1' is not supported within expressions"
    ]


@pytest.mark.parametrize(
    "model", ['"', "\\", "}", '"; System.IO.File.Delete("x"); //', "{{x}}", "</fragment>", "é\U0001f511"]
)
def test_hostile_names_stay_text_where_they_are_escaped(check: Check, model: str) -> None:
    units = model.encode("utf-16-be").hex().upper()
    literal = "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))
    assert check(f'<fragment><set-variable name="v" value="@("{literal}")"/></fragment>')


def test_hostile_names_that_are_not_escaped_are_refused(refusal: Refusal) -> None:
    text = '<fragment><set-variable name="v" value="@("" + System.IO.File.ReadAllText("x") + "")"/></fragment>'
    assert "System.IO.File" in refusal(text).details[0]["message"]
