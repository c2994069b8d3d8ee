import { connection } from 'next/server';
import { SignInForm } from '../../components/access/sign-in-form.tsx';
import { ThemeMenu } from '../../components/cluster/theme-menu.tsx';
import { Logo } from '../../components/ui/logo.tsx';

export const metadata = { title: 'Sign in · Chronoraft' };

interface Props {
  readonly searchParams: Promise<Readonly<Record<string, string | readonly string[] | undefined>>>;
}

/** Where a server that wants to know who asks sends everyone who did not say so. */
export default async function SignIn({ searchParams }: Props) {
  await connection();
  const { next } = await searchParams;
  return (
    <main className="grid min-h-dvh place-items-center p-4">
      <div className="w-full max-w-96 rounded-lg border border-line bg-surface p-6 sm:p-8">
        <div className="mb-6 flex items-center gap-3">
          <Logo />
          <h1 className="text-xl font-semibold tracking-tight">Chronoraft</h1>
          <div className="ml-auto">
            <ThemeMenu />
          </div>
        </div>
        <p className="mb-5 text-md text-quiet">
          This server wants to know who looks. Use the token that its operator gave you: a viewer
          reads and watches, an operator does all.
        </p>
        <SignInForm next={typeof next === 'string' ? next : '/'} />
      </div>
    </main>
  );
}
