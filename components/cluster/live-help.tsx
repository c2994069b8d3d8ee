import { PageHelp } from '../actions/page-help.tsx';
import { TIME_KEYS } from '../time/use-time-keys.ts';

/** What the live page shows, in words. */
export function LiveHelp() {
  return (
    <PageHelp further={TIME_KEYS}>
      <p>
        To begin: write a value, kill the leader, write another while the rest elect a new one, and
        read the first as it was before the crash.
      </p>
      <p className="text-quiet">
        Real nodes, each a thread or a process with a database of its own, agree by Raft on one log
        of writes. Kill ends a node at once; only what reached its disk survives. A write is
        committed when a quorum has it on disk, and nothing committed is ever lost.
      </p>
      <p className="text-quiet">
        The ring round a node’s mark is the time until it asks for votes, unless it hears the leader
        before. In the log, a dashed outline is an entry that a node has and does not yet know
        committed, a filled one is committed, one with ✓ is applied, and stripes are an entry that
        the leader will replace. The thick line is how far each node knows the log to be committed.
      </p>
      <p className="text-quiet">
        Pull from “links” on a card onto another card: the link between the two is cut, or healed if
        it is cut; with Shift only that way. Pressed, “links” lists the same. In a slowed cluster
        every message is seen, and a cross is where one was lost.
      </p>
      <p className="text-quiet">
        The bar below shows the last quarter of an hour: who led in which term, stripes while nobody
        did, a grey line while a node was down, a thin one while a link was cut, a red tick for
        calls that failed. Move its slider and the whole page shows that moment; only back in the
        present can you act again. Pausing and replaying move your view alone, never the cluster.
      </p>
    </PageHelp>
  );
}
