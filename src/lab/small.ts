/** An output that holds no more may be left where it is: to fetch it costs 150 and more, and the rest must not be dust. In sat. */
export const UNECONOMICAL_SAT = 450n;
