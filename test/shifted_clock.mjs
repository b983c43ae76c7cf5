/** Loaded before anything else of a process (`node --import`): its time is this many milliseconds ahead. */
const shiftMs = Number(process.env.TEST_CLOCK_SHIFT_MS ?? 0);
if (shiftMs !== 0) {
  const Real = Date;
  globalThis.Date = class Shifted extends Real {
    constructor(...parts) {
      if (parts.length === 0) super(Real.now() + shiftMs);
      else super(...parts);
    }
    static now() {
      return Real.now() + shiftMs;
    }
  };
}
