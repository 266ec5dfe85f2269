// Pages in a Chromium without a window, as Debian has it.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { launch, type Page } from "puppeteer-core";

/**
 * Opens a page of a browser of its own, and closes the browser when `use` is done. Certificates with the keys
 * in `trusted`, base64 of their SHA-256, are believed whoever issued them.
 */
export async function withPage<T>(use: (page: Page) => Promise<T>, trusted: string[] = []): Promise<T> {
  const profile = mkdtempSync(join(tmpdir(), "chromium-"));
  const args = [
    // Its sandbox does not work as root, nor in many containers; what it is shown is ours.
    "--no-sandbox",
    // Shared memory is small there too.
    "--disable-dev-shm-usage",
    "--no-proxy-server",
    `--ignore-certificate-errors-spki-list=${trusted.join(",")}`,
  ];
  const executablePath = process.env["BULLETIN_CHROMIUM"] ?? "/usr/bin/chromium-headless-shell";
  const browser = await launch({ executablePath, args, userDataDir: profile });
  try {
    return await use(await browser.newPage());
  } finally {
    await browser.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
