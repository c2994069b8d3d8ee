import { PageHelp } from '../actions/page-help.tsx';

/** What the Keys page shows, in words. */
export function KeysHelp() {
  return (
    <PageHelp>
      <p className="text-quiet">
        Every key and field, now or at any time. Nothing is ever overwritten: a write adds a
        version, and the slider chooses the time at which the whole page reads. The axis gives each
        change room, so a busy second and a quiet night both fit. Restore writes what you see as new
        versions. Backup takes the keys of the list, with their history, as a file; it can be
        restored here or in another cluster. The arrows walk the list of keys, and Enter opens one.
      </p>
    </PageHelp>
  );
}
