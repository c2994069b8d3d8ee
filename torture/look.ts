/** What the running server says of itself. */
import { ClusterView } from '../contracts/view.ts';

export interface Look {
  /** Processes in which nodes run now. */
  readonly pids: readonly number[];
  /** Invariants that the server itself has found broken, in words. */
  readonly broken: readonly string[];
}

/** Nothing where the server does not answer. */
export async function lookAt(url: string): Promise<Look> {
  try {
    return lookedAt(ClusterView.parse(await (await fetch(`${url}/api/v1/cluster`)).json()));
  } catch {
    return { pids: [], broken: [] };
  }
}

export function lookedAt({ nodes, invariants }: Pick<ClusterView, 'nodes' | 'invariants'>): Look {
  return {
    pids: nodes.flatMap(({ pid }) => pid ?? []),
    broken: invariants.flatMap(({ id, violation }) =>
      violation === null ? [] : [`${id}: ${violation.text} (${violation.facts.join('; ')})`],
    ),
  };
}
