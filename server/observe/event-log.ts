/** What happens to nodes, as lines of the log: who, in which term, at which index. */
import type { EventKind, EventView, NodeView } from '../../contracts/view.ts';
import type { Logger } from '../logger.ts';

/** An operator is told of these first. */
const ERRORS: ReadonlySet<EventKind> = new Set(['node-failed', 'invariant-broken']);
const WARNINGS: ReadonlySet<EventKind> = new Set(['quorum-lost']);
/** What happens often, or says how rather than what. */
const DETAILS: ReadonlySet<EventKind> = new Set([
  'election-timeout',
  'candidate',
  'vote-cast',
  'vote-refused',
  'log-compacted',
  'packet-dropped',
]);

/** `node` as it stands by its last report; null where the event is of no node, or of one that is gone. */
export function logEvent(logger: Logger, event: EventView, node: NodeView | null): void {
  const { kind, text, term, index } = event;
  const level = ERRORS.has(kind)
    ? 'error'
    : WARNINGS.has(kind)
      ? 'warn'
      : DETAILS.has(kind)
        ? 'debug'
        : 'info';
  logger[level](
    {
      event: kind,
      node: event.node,
      term: term ?? node?.term ?? null,
      index: index ?? node?.lastIndex ?? null,
      ...(node?.reason !== null && node?.reason !== undefined && { reason: node.reason }),
    },
    text,
  );
}
