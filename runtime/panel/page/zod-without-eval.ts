import * as z from "zod";

// The page's policy forbids to make code out of text, which the schemas would otherwise try.
z.config({ jitless: true });
