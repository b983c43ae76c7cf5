/** Of hooks and of the events that `event` nodes wait for: the same names. */
export const HOOK_NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/i;

/** The variable that holds a hook's secret: `deploy-done` has HOOK_SECRET_DEPLOY_DONE. */
export const hookVariable = (name: string): string => `HOOK_SECRET_${name.toUpperCase().replaceAll("-", "_")}`;
