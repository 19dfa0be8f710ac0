# docker build --tag scale-vae-serving:0.1.0 .
ARG SERVING_VERSION=2.20.0

# What is served: every version must be complete, and readable by any user.
FROM tensorflow/serving:${SERVING_VERSION} AS model
COPY saved_models/reviews /models/reviews
COPY serving/models.config serving/monitoring.config serving/batching.config /config/
RUN for version in /models/reviews/[1-9]*; do \
      test -s "${version}/saved_model.pb" \
      && test -s "${version}/variables/variables.index" \
      && test -s "${version}/assets.extra/tf_serving_warmup_requests" || exit 1; \
    done \
    && chmod -R a+rX /models /config

FROM tensorflow/serving:${SERVING_VERSION}
COPY --from=model /models /models
COPY --from=model /config /config
USER 10001:10001
EXPOSE 8500 8501
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["/bin/bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8501 && printf 'GET /v1/models/reviews HTTP/1.0\\r\\n\\r\\n' >&3 && grep --quiet --word-regexp AVAILABLE <&3"]
ENTRYPOINT ["/usr/bin/tensorflow_model_server", \
  "--port=8500", \
  "--rest_api_port=8501", \
  "--model_config_file=/config/models.config", \
  "--monitoring_config_file=/config/monitoring.config", \
  "--allow_version_labels_for_unavailable_models=true", \
  "--enable_grpc_healthcheck_service=true", \
  "--enable_profiler=false", \
  "--max_num_load_retries=0"]
