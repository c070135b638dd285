/** What a PromQL expression names, read with Prometheus's own grammar. */
import { parser } from "@prometheus-io/lezer-promql";

/** A metric as an expression uses it. */
export interface UsedMetric {
  readonly name: string;
  /** Label, operator, value of each matcher. */
  readonly matchers: readonly (readonly [label: string, operator: string, value: string])[];
  /** Labels of all aggregations around it. */
  readonly groupedBy: readonly string[];
  /** Functions around it, inside out. */
  readonly functions: readonly string[];
  /** Whether it is read over a span (`[5m]`). */
  readonly isRange: boolean;
}

type Node = ReturnType<typeof parser.parse>["topNode"];

const childrenOf = (node: Node, name: string): Node[] => node.getChildren(name);

/** @throws {Error} where the expression is not PromQL */
export function readPromql(expression: string): readonly UsedMetric[] {
  const tree = parser.parse(expression);
  const used: UsedMetric[] = [];
  tree.iterate({
    enter({ node, type, from }) {
      if (type.isError) throw new Error(`not PromQL at ${from}: ${expression}`);
      if (type.name === "VectorSelector") used.push(usedMetric(node, expression));
    },
  });
  return used;
}

function usedMetric(selector: Node, expression: string): UsedMetric {
  const textOf = ({ from, to }: Node) => expression.slice(from, to);
  const name = childrenOf(selector, "Identifier").map(textOf)[0] ?? "";
  const matchers = childrenOf(selector, "LabelMatchers").flatMap((all) =>
    childrenOf(all, "UnquotedLabelMatcher").map((one) => {
      const [label, operator, value] = ["LabelName", "MatchOp", "StringLiteral"].map((part) =>
        childrenOf(one, part).map(textOf)[0] ?? ""
      );
      return [label ?? "", operator ?? "", (value ?? "").slice(1, -1)] as const;
    })
  );
  const functions: string[] = [];
  const groupedBy: string[] = [];
  for (let at = selector.parent; at !== null; at = at.parent) {
    if (at.name === "FunctionCall") functions.push(...childrenOf(at, "FunctionIdentifier").map(textOf));
    for (const modifier of at.name === "AggregateExpr" ? childrenOf(at, "AggregateModifier") : []) {
      groupedBy.push(
        ...childrenOf(modifier, "GroupingLabels").flatMap((all) => childrenOf(all, "LabelName").map(textOf)),
      );
    }
  }
  return { name, matchers, groupedBy, functions, isRange: selector.parent?.name === "MatrixSelector" };
}
