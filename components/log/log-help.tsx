import { PageHelp } from '../actions/page-help.tsx';

/** Heard by the list itself. */
const KEYS = [
  ['↑ ↓', 'Walk the entries'],
  ['PgUp PgDn', 'Twenty at a time'],
  ['Home', 'The first entry'],
  ['End', 'The newest, and on with it'],
] as const;

/** What the Log page shows, in words. */
export function LogHelp() {
  return (
    <PageHelp further={KEYS}>
      <p className="text-quiet">
        The log of every node, aligned by index. A dashed outline is an entry that a node has and
        does not yet know committed, a filled one is committed, one with ✓ is applied, and stripes
        are an entry of the term that they name, which the leader will replace. Dots are an entry
        that the node applied and its log let go; its log begins after the dashed line. The thick
        line is how far each node knows the log to be committed, the dotted one how far it has
        applied it. Terms change at a line; every other term is tinted and banded.
      </p>
    </PageHelp>
  );
}
