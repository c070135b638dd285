/** Doors that give the runtime's span of each request its route for a name; only made where somebody traces. */
import type { Tracing } from "../../feed/tracing.ts";
import { pathOf } from "../deliver/route_path.ts";
import { OPERATIONS } from "../openapi/openapi_document.ts";
import { type AdmittedUpgrade, type DoorParts, EdgeDoors } from "./edge_doors.ts";

/** Every path that is described, those without parameters first. */
const ROUTES: readonly (readonly [pattern: RegExp, path: string])[] = [
  ...new Set(OPERATIONS.map(({ path }) => path)),
].sort((a, b) => Number(a.includes("{")) - Number(b.includes("{"))).map((path) => [
  new RegExp(`^${path.replace(/\{\w+\}/g, "[^/]+")}/?$`),
  path,
]);

/** The route of a path as it is described; one name for everything else, so that strangers can't make names. */
export const routeOf = (pathname: string): string =>
  ROUTES.find(([pattern]) => pattern.test(pathname))?.[1] ?? "page or nothing";

/** Answers as {@link EdgeDoors} do. */
export class TracedDoors extends EdgeDoors {
  constructor(readonly tracing: Tracing, parts: DoorParts) {
    super(parts);
  }

  override answer(request: Request, info: Deno.ServeHandlerInfo | undefined): Response | Promise<Response> {
    this.tracing.nameRequest(nameOf(request));
    return super.answer(request, info);
  }

  /** The runtime's span of a request is out of reach there: this one stands beside it. */
  override answerFor(
    request: Request,
    remote: string | undefined,
    completed: Promise<void>,
  ): Promise<Response> {
    return this.tracing.span(nameOf(request), {}, () => super.answerFor(request, remote, completed));
  }

  override admitUpgrade(request: Request, remote: string | undefined): Promise<AdmittedUpgrade | Response> {
    return this.tracing.span(`upgrade ${routeOf(pathOf(request.url))}`, {}, async (note) => {
      const admitted = await super.admitUpgrade(request, remote);
      note({ admitted: !(admitted instanceof Response) });
      return admitted;
    });
  }
}

const nameOf = (request: Request): string => `${request.method} ${routeOf(pathOf(request.url))}`;
