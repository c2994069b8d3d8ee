import Link from 'next/link';

export default function NotFound() {
  return (
    <main className="grid min-h-dvh place-content-center gap-3 p-6 text-center">
      <h1 className="text-xl font-medium">There is no such page</h1>
      <Link href="/" className="underline">
        To the cluster
      </Link>
    </main>
  );
}
