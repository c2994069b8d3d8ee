import type { Metadata, Viewport } from 'next';
import { cookies } from 'next/headers';
import { GeistMono } from 'geist/font/mono';
import { GeistSans } from 'geist/font/sans';
import type { ReactNode } from 'react';
import './globals.css';

export const metadata: Metadata = {
  title: 'Chronoraft',
  description: 'A replicated, time-travelling key-value store that you can watch, break and trust.',
};

export const viewport: Viewport = { width: 'device-width', initialScale: 1 };

/** The theme is known before the first paint: it comes with the request. */
export default async function RootLayout({ children }: { readonly children: ReactNode }) {
  const theme = (await cookies()).get('theme')?.value;
  const chosen = theme === 'light' || theme === 'dark' ? { 'data-theme': theme } : {};
  return (
    <html lang="en" className={`${GeistSans.variable} ${GeistMono.variable}`} {...chosen}>
      <body>{children}</body>
    </html>
  );
}
