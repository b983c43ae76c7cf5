/** Chooses and checks the two ports on the main thread, before any data is touched. */
import { createServer, type Server } from "node:net";
import { HostStartError } from "./options.ts";

/** Resolves with a port such that it and the next one are free now. Rejects with code EADDRINUSE and the port. */
export async function choosePort(host: string, port: number): Promise<number> {
  if (port !== 0) {
    await probe(host, port);
    await probe(host, port + 1);
    return port;
  }
  for (let attempt = 0; ; attempt++) {
    const first = await probe(host, 0);
    try {
      await probe(host, first + 1);
      return first;
    } catch (error) {
      // The neighbour belongs to somebody; the next free port has another neighbour.
      if (attempt === 50) throw error;
    }
  }
}

async function probe(host: string, port: number): Promise<number> {
  if (port > 65_535)
    throw new HostStartError(`Port ${port - 1} leaves no port above it for HTTP actions.`, "ERANGE", port);
  const server = createServer();
  try {
    return await listen(server, host, port);
  } catch (error) {
    throw listenError(error, host, port);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}

/** Words an error of `listen`. Other errors pass unchanged. */
export function listenError(error: unknown, host: string, port: number): unknown {
  const { code, port: refused } = error as { code?: string; port?: number };
  const number = refused ?? port;
  if (code === "EADDRINUSE") {
    return new HostStartError(
      `Port ${number} on ${host} is in use by another program. Choose another port.`,
      code,
      number,
    );
  }
  if (code === "EACCES") {
    return new HostStartError(
      `Port ${number} needs more rights than this process has. Choose one above 1023.`,
      code,
      number,
    );
  }
  if (code === "EADDRNOTAVAIL") {
    return new HostStartError(`${host} is not an address of this machine.`, code, number);
  }
  return error;
}
