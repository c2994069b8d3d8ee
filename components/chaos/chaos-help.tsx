import { PageHelp } from '../actions/page-help.tsx';

/** What chaos runs are, in words. */
export function ChaosHelp() {
  return (
    <PageHelp>
      <p className="text-quiet">
        A chaos run breaks this very cluster, on a schedule that its seed gives, while clients write
        and read. Afterwards a judge that knows only who asked what when, and was told what, looks
        for an order of all operations that explains every answer. If there is one, no client can
        tell that anything ever broke: the answers are linearizable. One more client for each voter
        (via-n1) reads through that node alone, whoever leads: a leader that was replaced and does
        not know it must not answer from memory.
      </p>
      <p className="text-quiet">
        A write that nobody answered in time is unknown: it may have happened, then or later. The
        judge allows for both. It may also give up; then the verdict is unknown.
      </p>
    </PageHelp>
  );
}
