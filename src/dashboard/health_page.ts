/// <reference lib="dom" />
/** The health page. */
import { startTheme } from "./theme.ts";

startTheme(() => {});
