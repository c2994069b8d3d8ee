/** @type {import('next').NextConfig} */
export default {
  poweredByHeader: false,
  devIndicators: false,
  reactStrictMode: true,
  // Types are checked by `npm run verify`, with the same compiler for the page and the server.
  typescript: { ignoreBuildErrors: true },
};
