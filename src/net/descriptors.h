#ifndef NET_DESCRIPTORS_H
#define NET_DESCRIPTORS_H

/*
 * How many descriptors this process may have: raises its limit as far as the system allows, at most to
 * `wanted`, and tells what it is now. Parts that take many are given their share at the start, so that
 * none takes the last one of another.
 */
unsigned descriptors_raise(unsigned wanted);

#endif
