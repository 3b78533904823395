/** The year that a machine lives in until it is a template: what wakes in a clone can tell by the clock. */
export const TEMPLATE_YEAR = 2001;
