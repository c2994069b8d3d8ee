import { PageHelp } from '../actions/page-help.tsx';

/** What the Metrics page shows, in words. */
export function MetricsHelp() {
  return (
    <PageHelp>
      <p className="text-quiet">
        What the cluster did, second by second. A line that breaks is a second in which there was
        nothing to measure; a dashed upright line is a change of leader.
      </p>
    </PageHelp>
  );
}
