// SPDX-FileCopyrightText: citadel.ai_gateway contributors
// SPDX-License-Identifier: GPL-3.0-or-later

// Reads {"tables": {name: schema}, "queries": {name: text}} from its input, and writes for each query what Microsoft's
// own parser of the Kusto query language says of it: {name: {"problems": [text], "columns": ["name type"]}}.
// Usage: node kusto.js FOLDER_OF_THE_PACKAGE

"use strict";

const { readFileSync } = require("node:fs");
const { join } = require("node:path");

// The package is compiled from C# and makes the globals Bridge and Kusto.
for (const name of ["bridge.min.js", "Kusto.Language.Bridge.min.js"]) {
  require(join(process.argv[2], name));
}

const { KustoCode, GlobalState, Symbols } = globalThis.Kusto.Language;
const { tables, queries } = JSON.parse(readFileSync(0, "utf8"));

const items = (list) => Array.from({ length: list.Count }, (_, index) => list.getItem(index));
const symbols = Object.entries(tables).map(([name, schema]) => new Symbols.TableSymbol.$ctor7(name, schema, null));
const globals = GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.ctor("database", symbols));

function check(text) {
  const code = KustoCode.ParseAndAnalyze(text, globals);
  return {
    problems: items(code.GetDiagnostics()).map((each) => {
      const line = text.slice(0, each.Start).split("\n").length;
      return `line ${line}: ${each.Severity} ${each.Code}: ${each.Message}`;
    }),
    columns: items(code.ResultType.Columns).map((each) => `${each.Name} ${each.Type.Name}`),
  };
}

console.log(JSON.stringify(Object.fromEntries(Object.entries(queries).map(([name, text]) => [name, check(text)]))));
