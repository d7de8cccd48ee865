// Waiting without fixed sleeps: for an event where there is one, else by asking again until a limit.

/** How long a test waits before it takes something for lost, in milliseconds. No measure of speed: a busy machine is slow. */
export const PATIENCE = 180_000;

/** Asks `probe` again, a little later each time, until it returns something truthy; throws after `limit` ms. */
export async function eventually(what, probe, limit = PATIENCE) {
  const deadline = performance.now() + limit;
  let pause = 10;
  let last;
  for (;;) {
    try {
      const found = await probe();
      if (found) return found;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`timed out waiting for ${what}`, { cause: last });
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
    pause = Math.min(pause * 2, 250);
  }
}

/** `promise`, or an error naming `what` after `limit` ms. */
export async function within(what, promise, limit = PATIENCE) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`timed out waiting for ${typeof what === "function" ? what() : what}`)), limit);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
